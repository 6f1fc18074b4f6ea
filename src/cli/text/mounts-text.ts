import type { MountOptions } from '../../engine/options/mounts.ts';

/** What is mounted, as `ps` lists it: names of volumes, and of the rest the source; a tmpfs has none. */
export function mountsText(mounts: readonly MountOptions[] = [], { trunc }: { trunc: boolean }): string {
  return mounts.map((mount) => shortened(nameOf(mount), trunc)).join();
}

/** How many volumes there are among them. */
export function volumeCount(mounts: readonly MountOptions[] = []): number {
  return mounts.filter(({ type }) => type === 'volume').length;
}

function nameOf(mount: MountOptions): string {
  switch (mount.type) {
    case 'bind':
      return mount.source;
    case 'volume':
      return mount.name ?? '';
    case 'image':
      return mount.image;
    default:
      return '';
  }
}

/** Docker's length. */
const LONGEST = 15;

function shortened(text: string, trunc: boolean): string {
  return trunc && text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
