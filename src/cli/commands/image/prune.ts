import type { Command } from 'commander';
import { collectImagePruneFilter, type ImagePruneFilters } from '../../../grammar/prune-filters.ts';
import { confirm } from '../../command/confirm.ts';
import type { Session } from '../../command/session.ts';
import { printDeletedImages } from '../../output/deleted.ts';
import { print } from '../../output/print.ts';
import { tell } from '../../output/tell.ts';
import { humanSize } from '../../text/units.ts';

interface Flags {
  all?: boolean;
  filter?: ImagePruneFilters;
  force?: boolean;
}

const EXAMPLES = `
Examples:
  skiff image prune                              asks first; images without a tag
  skiff image prune -a -f                        also those with one that no container was made of
  skiff image prune -a -f --filter until=240h    of these, those that were built more than ten days ago`;

const WARNING = 'WARNING! This will remove all dangling images.';
const WARNING_ALL = 'WARNING! This will remove all images without at least one container associated to them.';

export function define(command: Command, session: () => Session): void {
  command
    .option('-a, --all', 'also images with a tag')
    .option('-f, --force', 'do not ask')
    .option(
      '--filter <key=value>',
      'only some: until=TIME (of the build), label=KEY[=VALUE], label!=KEY[=VALUE]; dangling=false is --all (repeatable)',
      collectImagePruneFilter,
    )
    .addHelpText('after', EXAMPLES)
    .action((flags: Flags) => prune(session(), flags));
}

async function prune(session: Session, { all: asked = false, filter = {}, force }: Flags): Promise<void> {
  const all = asked || filter.dangling === false;
  if (force !== true && !(await confirm(all ? WARNING_ALL : WARNING))) {
    tell('Nothing was removed.');
    return;
  }
  const { images } = await session.engine();
  const pruned = await images.prune(filter, { all });
  printDeletedImages(pruned);
  print(`Total reclaimed space: ${humanSize(pruned.reclaimed)}\n`);
}
