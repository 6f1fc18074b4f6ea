import type { Command } from 'commander';
import type { PruneFilters } from '../../engine/prune-containers.ts';
import { confirm } from '../confirm.ts';
import { print, printError } from '../output/print.ts';
import { humanSize } from '../output/units.ts';
import { collectPruneFilter } from '../parse/prune-filters.ts';
import type { Session } from '../session.ts';

interface Flags {
  filter?: PruneFilters;
  force?: boolean;
}

const EXAMPLES = `
Examples:
  skiff container prune                             asks first
  skiff container prune -f --filter until=24h       those that were created more than a day ago
  skiff container prune -f --filter label!=keep     those without the label keep`;

export function define(command: Command, session: () => Session): void {
  command
    .option('-f, --force', 'do not ask')
    .option(
      '--filter <key=value>',
      'only some: until=TIME, label=KEY[=VALUE], label!=KEY[=VALUE] (repeatable)',
      collectPruneFilter,
    )
    .addHelpText('after', EXAMPLES)
    .action((flags: Flags) => prune(session(), flags));
}

const WARNING = 'WARNING! This will remove all stopped containers.';

async function prune(session: Session, { filter, force = false }: Flags): Promise<void> {
  if (!force && !(await confirm(WARNING))) {
    printError('Nothing was removed.\n');
    return;
  }
  const { containers } = await session.engine();
  const { deleted, reclaimed } = await containers.prune(filter);
  if (deleted.length > 0) print(`Deleted Containers:\n${deleted.map((id) => `${id}\n`).join('')}\n`);
  print(`Total reclaimed space: ${humanSize(reclaimed)}\n`);
}
