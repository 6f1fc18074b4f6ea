import type { Command } from 'commander';
import type { Session } from '../../command/session.ts';
import { definePrune } from '../../options/prune.ts';
import { printDeleted } from '../../output/deleted.ts';
import { print } from '../../output/print.ts';
import { humanSize } from '../../text/units.ts';

const EXAMPLES = `
Examples:
  skiff container prune                             asks first
  skiff container prune -f --filter until=24h       those that were created more than a day ago
  skiff container prune -f --filter label!=keep     those without the label keep`;

export function define(command: Command, session: () => Session): void {
  definePrune(command, {
    examples: EXAMPLES,
    warning: 'WARNING! This will remove all stopped containers.',
    async prune(filters) {
      const { containers } = await session().engine();
      const { deleted, reclaimed } = await containers.prune(filters);
      printDeleted('Containers', deleted);
      print(`Total reclaimed space: ${humanSize(reclaimed)}\n`);
    },
  });
}
