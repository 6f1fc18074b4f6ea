import type { Command } from 'commander';
import { collectVolumePruneFilter, type VolumePruneFilters } from '../../../grammar/prune-filters.ts';
import { confirm } from '../../command/confirm.ts';
import type { Session } from '../../command/session.ts';
import { printDeleted } from '../../output/deleted.ts';
import { print } from '../../output/print.ts';
import { tell } from '../../output/tell.ts';
import { humanSize } from '../../text/units.ts';

interface Flags {
  all?: boolean;
  filter?: VolumePruneFilters;
  force?: boolean;
}

const EXAMPLES = `
Examples:
  skiff volume prune                             asks first; anonymous volumes
  skiff volume prune -a -f                       also those that somebody has named
  skiff volume prune -f --filter label!=keep     those without the label keep`;

const WARNING = 'WARNING! This will remove anonymous local volumes not used by at least one container.';
const WARNING_ALL = 'WARNING! This will remove all local volumes not used by at least one container.';

export function define(command: Command, session: () => Session): void {
  command
    .option('-a, --all', 'also volumes that have been named')
    .option('-f, --force', 'do not ask')
    .option(
      '--filter <key=value>',
      'only some: label=KEY[=VALUE], label!=KEY[=VALUE], until=TIME; all=true is --all (repeatable)',
      collectVolumePruneFilter,
    )
    .addHelpText('after', EXAMPLES)
    .action((flags: Flags) => prune(session(), flags));
}

async function prune(session: Session, { all: asked = false, filter = {}, force }: Flags): Promise<void> {
  const all = asked || filter.all === true;
  if (force !== true && !(await confirm(all ? WARNING_ALL : WARNING))) {
    tell('Nothing was removed.');
    return;
  }
  const { volumes } = await session.engine();
  const { deleted, reclaimed } = await volumes.prune(filter, { all });
  printDeleted('Volumes', deleted);
  print(`Total reclaimed space: ${humanSize(reclaimed)}\n`);
}
