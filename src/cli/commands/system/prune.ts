import type { Command } from 'commander';
import type { PruneFilters } from '../../../engine/options/prune.ts';
import type { PrunedPart } from '../../../engine/system/prune.ts';
import { collectPruneFilter } from '../../../grammar/prune-filters.ts';
import { confirm } from '../../command/confirm.ts';
import type { Session } from '../../command/session.ts';
import { printDeleted, printDeletedImages } from '../../output/deleted.ts';
import { print } from '../../output/print.ts';
import { tell } from '../../output/tell.ts';
import { humanSize } from '../../text/units.ts';

interface Flags {
  all?: boolean;
  filter?: Filters;
  force?: boolean;
  volumes?: boolean;
}

/** What they choose, and how they were written. */
interface Filters {
  chosen: PruneFilters;
  texts: readonly string[];
}

const EXAMPLES = `
What commands that failed or were killed have left goes, too: temporary files, blobs and layers that no image names.

Examples:
  skiff system prune                             asks first; images without a tag
  skiff system prune -a --volumes -f             all images without a container, anonymous volumes
  skiff system prune -f --filter until=24h       what was made more than a day ago`;

export function define(command: Command, session: () => Session): void {
  command
    .option('-a, --all', 'not only images without a tag: all that no container was made of')
    .option('-f, --force', 'do not ask')
    .option('--volumes', 'also anonymous volumes')
    .option(
      '--filter <key=value>',
      'only some: until=TIME, label=KEY[=VALUE], label!=KEY[=VALUE] (repeatable)',
      collectFilter,
    )
    .addHelpText('after', EXAMPLES)
    .action((flags: Flags) => prune(session(), flags));
}

function collectFilter(text: string, { chosen, texts }: Filters = { chosen: {}, texts: [] }): Filters {
  return { chosen: collectPruneFilter(text, chosen), texts: [...texts, text] };
}

async function prune(session: Session, flags: Flags): Promise<void> {
  if (flags.force !== true && !(await confirm(warning(flags)))) {
    tell('Nothing was removed.');
    return;
  }
  const { all = false, volumes = false, filter } = flags;
  const engine = await session.engine();
  let reclaimed = 0;
  for await (const part of engine.prune(filter?.chosen ?? {}, { all, volumes })) {
    printPart(part);
    reclaimed += part.reclaimed;
  }
  print(`Total reclaimed space: ${humanSize(reclaimed)}\n`);
}

const TITLES = {
  containers: 'Containers',
  networks: 'Networks',
  volumes: 'Volumes',
  'build cache': 'build cache objects',
} as const;

function printPart(part: PrunedPart): void {
  if (part.kind === 'images') printDeletedImages(part);
  else if (part.kind !== 'garbage') printDeleted(TITLES[part.kind], part.deleted);
}

/** Docker's words, but that what crashes leave is skiff's to take away. */
function warning({ all, volumes, filter }: Flags): string {
  const lines = [
    'all stopped containers',
    'all networks not used by at least one container',
    ...(volumes === true ? ['all anonymous volumes not used by at least one container'] : []),
    all === true ? 'all images without at least one container associated to them' : 'all dangling images',
    all === true ? 'all build cache' : 'unused build cache',
    'what commands that failed or were killed have left',
  ];
  const filters = [...(filter?.texts ?? [])].sort();
  return [
    'WARNING! This will remove:',
    ...lines.map((line) => `  - ${line}`),
    '',
    ...(filters.length > 0
      ? ['  Items to be pruned will be filtered with:', ...filters.map((text) => `  - ${text}`), '']
      : []),
  ].join('\n');
}
