import type { FoundPath } from '../archives/found-path.ts';

const TYPE = 0o170_000;

/** The bits of Go's fs.FileMode for the types of stat(2): directory, link, devices, pipe, socket. */
const TYPE_BITS: ReadonlyMap<number, number> = new Map([
  [0o040_000, 2 ** 31],
  [0o120_000, 2 ** 27],
  [0o060_000, 2 ** 26],
  [0o020_000, 2 ** 26 + 2 ** 21],
  [0o010_000, 2 ** 25],
  [0o140_000, 2 ** 24],
]);

const SPECIAL_BITS: readonly (readonly [number, number])[] = [
  [0o4000, 2 ** 23],
  [0o2000, 2 ** 22],
  [0o1000, 2 ** 20],
];

/** A mode of stat(2) as Go's fs.FileMode: permissions are the same, all else is not. */
export function goFileMode(mode: number): number {
  const special = SPECIAL_BITS.map(([bit, go]) => ((mode & bit) === 0 ? 0 : go));
  return (mode & 0o777) + (TYPE_BITS.get(mode & TYPE) ?? 0) + special.reduce((sum, bit) => sum + bit, 0);
}

/** Docker's ContainerPathStat. */
export function pathStat({ name, size, mode, mtime, target }: FoundPath): object {
  const [seconds = '', fraction = ''] = mtime.split('.');
  const digits = fraction.replace(/0+$/, '');
  const second = new Date(Number(seconds) * 1000).toISOString().slice(0, -'.000Z'.length);
  return {
    name,
    size,
    mode: goFileMode(mode),
    mtime: `${second}${digits === '' ? '' : `.${digits}`}Z`,
    linkTarget: target,
  };
}
