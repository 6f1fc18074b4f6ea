import type { ImageTree, TreeBranch } from '../../engine/images/tree.ts';
import { formatPlatform } from '../../image/platform.ts';
import { shortId } from '../text/ids.ts';
import { humanSize } from '../text/units.ts';
import { visible } from '../text/visible.ts';

const TITLES = ['IMAGE', 'ID', 'DISK USAGE', 'CONTENT SIZE', 'EXTRA'] as const;
const GAP = '   ';
const UNTAGGED = '<untagged>';

/** The letters of the last column. */
const IN_USE = 'U';
const NOT_HERE = '-';
const LEGEND = `${IN_USE}: in use by a container; ${NOT_HERE}: not, or not all of it here\n`;

type Line = readonly [image: string, id: string, usage: string, content: string, extra: string];

/** As Docker's tree: an image with its names, below it what its index lists, and below all what the letters mean. */
export function renderImageTrees(trees: readonly ImageTree[]): string {
  const groups = trees.map(linesOf);
  const lines = groups.flat();
  const widths = TITLES.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => (line[column] ?? '').length)),
  );
  const render = (line: readonly string[]): string => {
    const cells = line.map((cell, column) => {
      const width = widths[column] ?? 0;
      return TITLES[column]?.includes('SIZE') || TITLES[column]?.includes('USAGE')
        ? cell.padStart(width)
        : cell.padEnd(width);
    });
    return `${cells.join(GAP).trimEnd()}\n`;
  };
  const table = [TITLES, ...groups.flatMap((group) => [...group, []])].map(render).join('');
  const letters = lines.some(([, , , , extra]) => extra !== '') ? LEGEND : '';
  return table + letters;
}

function linesOf({ names, image, diskUsage, contentSize, isInUse, branches }: ImageTree): Line[] {
  const shown = names.length === 0 ? [UNTAGGED] : names;
  const own: Line = [
    shown.at(-1) ?? UNTAGGED,
    shortId(image.id),
    humanSize(diskUsage),
    humanSize(contentSize),
    isInUse ? IN_USE : '',
  ];
  return [
    ...shown.slice(0, -1).map((name): Line => [name, '', '', '', '']),
    own,
    ...branches.map((branch, index): Line => {
      const isLast = index === branches.length - 1;
      const { member } = branch;
      return [
        `${isLast ? '└─' : '├─'} ${visible(nameOf(branch, branches))}`,
        shortId(member.descriptor.digest),
        humanSize(branch.diskUsage),
        humanSize(branch.contentSize),
        [branch.isInUse ? IN_USE : '', member.isHere ? '' : NOT_HERE].join(''),
      ];
    }),
  ];
}

function nameOf({ member: { kind, platform, attests } }: TreeBranch, all: readonly TreeBranch[]): string {
  if (kind === 'image') return platform === undefined ? 'image' : formatPlatform(platform);
  if (kind !== 'attestation') return kind === 'index' ? 'index' : 'artifact';
  const attested = all.find(({ member }) => member.descriptor.digest === attests)?.member.platform;
  return attested === undefined ? 'attestation' : `attestation of ${formatPlatform(attested)}`;
}
