import type { Looks } from '../../../src/host/probe.ts';

/** A host that consists of these files; directories follow from them, an ending slash makes an empty one. */
export function looksOf(files: Readonly<Record<string, string>>, changes: Partial<Looks> = {}): Looks {
  const below = (directory: string) =>
    Object.keys(files)
      .filter((file) => file.startsWith(`${directory}/`))
      .map((file) => file.slice(directory.length + 1))
      .filter((name) => name !== '');
  return {
    read: (file) => files[file],
    readGzip: (file) => files[file],
    exists: (path) => files[path] !== undefined || below(path).length > 0,
    names: (directory) => [...new Set(below(directory).map((name) => name.split('/')[0] ?? ''))],
    directories: (directory) => [
      ...new Set(below(directory).flatMap((name) => (name.includes('/') ? [name.split('/')[0] ?? ''] : []))),
    ],
    inode: () => undefined,
    writable: () => true,
    space: () => ({ free: 50e9, total: 100e9 }),
    euid: () => 0,
    ...changes,
  };
}
