import type { Command } from 'commander';
import type { PruneFilters } from '../../../engine/options/prune.ts';
import { EngineError } from '../../../errors.ts';
import { collectPruneFilter } from '../../../grammar/prune-filters.ts';
import { parseSize } from '../../../grammar/size.ts';
import { confirm } from '../../command/confirm.ts';
import type { Session } from '../../command/session.ts';
import { printDeleted } from '../../output/deleted.ts';
import { print } from '../../output/print.ts';
import { tell } from '../../output/tell.ts';
import { humanSize } from '../../text/units.ts';

interface Flags {
  all?: boolean;
  filter?: PruneFilters;
  force?: boolean;
  keepStorage?: number;
}

const EXAMPLES = `
What a build that is under way uses stays.

Examples:
  skiff builder prune                              asks first; what no image has
  skiff builder prune -a -f                        the whole cache
  skiff builder prune -f --filter until=24h        what was not used for a day
  skiff builder prune -f --keep-storage 10g        until no more than this is left`;

export function define(command: Command, session: () => Session): void {
  command
    .option('-a, --all', 'also what images have, too')
    .option('-f, --force', 'do not ask')
    .option('--filter <key=value>', 'only some: until=TIME, when it was used last', collectPruneFilter)
    .option('--keep-storage <size>', 'so many bytes may stay: what was not used for longest goes', parseSize)
    .addHelpText('after', EXAMPLES)
    .action((flags: Flags) => prune(session(), flags));
}

async function prune(session: Session, { all = false, filter, force, keepStorage }: Flags): Promise<void> {
  if (filter?.labels !== undefined && filter.labels.length > 0)
    throw new EngineError('invalid', 'the cache of builds has no labels', {
      subject: '--filter',
      hint: 'the filter is until=TIME',
    });
  const what = all ? 'all build cache' : 'all build cache that no image uses';
  if (force !== true && !(await confirm(`WARNING! This will remove ${what}.`))) {
    tell('Nothing was removed.');
    return;
  }
  const { builder } = await session.engine();
  const { deleted, reclaimed } = await builder.prune({ all, until: filter?.until, keepStorage });
  printDeleted('build cache objects', deleted);
  print(`Total reclaimed space: ${humanSize(reclaimed)}\n`);
}
