import { constants, type Stats } from 'node:fs';

/** The bits of Go's os.FileMode that are not those of stat(2). */
export const MODE = {
  directory: 2 ** 31,
  symlink: 2 ** 27,
  device: 2 ** 26,
  fifo: 2 ** 25,
  socket: 2 ** 24,
  setuid: 2 ** 23,
  setgid: 2 ** 22,
  character: 2 ** 21,
  sticky: 2 ** 20,
} as const;

const KINDS: Readonly<Record<number, number>> = {
  [constants.S_IFDIR]: MODE.directory,
  [constants.S_IFLNK]: MODE.symlink,
  [constants.S_IFBLK]: MODE.device,
  [constants.S_IFCHR]: MODE.device + MODE.character,
  [constants.S_IFIFO]: MODE.fifo,
  [constants.S_IFSOCK]: MODE.socket,
};

/** The mode of stat(2) as Go has it. */
export function goMode({ mode }: Pick<Stats, 'mode'>): number {
  const has = (bit: number, own: number): number => ((mode & bit) === 0 ? 0 : own);
  const special = has(0o4000, MODE.setuid) + has(0o2000, MODE.setgid) + has(0o1000, MODE.sticky);
  return (KINDS[mode & constants.S_IFMT] ?? 0) + special + (mode & 0o777);
}
