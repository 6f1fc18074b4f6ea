import type { Command } from 'commander';
import type { Session } from '../../command/session.ts';
import { definePrune } from '../../options/prune.ts';
import { printDeleted } from '../../output/deleted.ts';

const EXAMPLES = `
Examples:
  skiff network prune                             asks first
  skiff network prune -f --filter until=24h       those that were made more than a day ago
  skiff network prune -f --filter label!=keep     those without the label keep`;

export function define(command: Command, session: () => Session): void {
  definePrune(command, {
    examples: EXAMPLES,
    warning: 'WARNING! This will remove all custom networks not used by at least one container.',
    async prune(filters) {
      const { networks } = await session().engine();
      printDeleted('Networks', await networks.prune(filters));
    },
  });
}
