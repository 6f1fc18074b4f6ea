import type { Command } from 'commander';
import type { CachePruneFilters } from '../../../engine/options/prune.ts';
import { collectCachePruneFilter } from '../../../grammar/prune-filters.ts';
import { parseSize } from '../../../grammar/size.ts';
import { confirm } from '../../command/confirm.ts';
import type { Session } from '../../command/session.ts';
import { printDeleted } from '../../output/deleted.ts';
import { print } from '../../output/print.ts';
import { tell } from '../../output/tell.ts';
import { humanSize } from '../../text/units.ts';

interface Flags {
  all?: boolean;
  filter?: CachePruneFilters;
  force?: boolean;
  keepStorage?: number;
}

const EXAMPLES = `
What a build that is under way uses stays.

Examples:
  skiff builder prune                              asks first; what no image has
  skiff builder prune -a -f                        the whole cache
  skiff builder prune -f --filter until=24h        what was not used for a day
  skiff builder prune -f --filter type=regular     what steps have made, not the caches that they mount
  skiff builder prune -f --keep-storage 10g        until no more than this is left`;

export function define(command: Command, session: () => Session): void {
  command
    .option('-a, --all', 'also what images have, too')
    .option('-f, --force', 'do not ask')
    .option(
      '--filter <key=value>',
      'only some, as until=TIME, when it was used last',
      collectCachePruneFilter,
    )
    .option('--keep-storage <size>', 'so many bytes may stay: what was not used for longest goes', parseSize)
    .addHelpText('after', EXAMPLES)
    .action((flags: Flags) => prune(session(), flags));
}

async function prune(session: Session, { all = false, filter, force, keepStorage }: Flags): Promise<void> {
  const what = all ? 'all build cache' : 'all build cache that no image uses';
  if (force !== true && !(await confirm(`WARNING! This will remove ${what}.`))) {
    tell('Nothing was removed.');
    return;
  }
  const { builder } = await session.engine();
  const { deleted, reclaimed } = await builder.prune({ all, ...filter, reserved: keepStorage });
  printDeleted('build cache objects', deleted);
  print(`Total reclaimed space: ${humanSize(reclaimed)}\n`);
}
