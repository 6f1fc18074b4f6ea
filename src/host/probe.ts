import { accessSync, constants, existsSync, lstatSync, readdirSync, readFileSync, statfsSync } from 'node:fs';

/** How probes look at this host: unit tests look at another one. What is missing or forbidden is undefined or false. */
export interface Looks {
  read(file: string): string | undefined;
  readGzip(file: string): string | undefined;
  exists(path: string): boolean;
  names(directory: string): string[];
  /** The names in a directory that are directories, not links. */
  directories(directory: string): string[];
  /** Returns the file's inode number. */
  inode(file: string): string | undefined;
  /** Whether this process may write there; on a read-only file system nobody may. */
  writable(path: string): boolean;
  /** Bytes. */
  space(path: string): { free: number; total: number } | undefined;
  euid(): number;
}

export const THIS_HOST: Looks = {
  read: (file) => attempt(() => readFileSync(file, 'utf8')),
  readGzip: (file) =>
    attempt(() => process.getBuiltinModule('node:zlib').gunzipSync(readFileSync(file)).toString()),
  exists: existsSync,
  names: (directory) => attempt(() => readdirSync(directory)) ?? [],
  directories: (directory) =>
    (attempt(() => readdirSync(directory, { withFileTypes: true })) ?? [])
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name),
  inode: (file) => attempt(() => String(lstatSync(file).ino)),
  writable: (path) =>
    attempt(() => {
      accessSync(path, constants.W_OK);
      return true;
    }) ?? false,
  space: (path) =>
    attempt(() => {
      const { bavail, blocks, bsize } = statfsSync(path);
      return { free: bavail * bsize, total: blocks * bsize };
    }),
  euid: () => process.geteuid?.() ?? 0,
};

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** The rights of this process. */
export interface Rights {
  root: boolean;
  /** Bit n is capability n of linux/capability.h. */
  capabilities: bigint;
  /**
   * The kind of container that this process runs in: `docker`, `podman` or another's name for itself; undefined: none.
   */
  container: string | undefined;
  /** Whether this process is in a user namespace: its ids are not the host's. */
  inUserNamespace: boolean;
}

export function probeRights(looks: Looks): Rights {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(looks.read('/proc/self/status') ?? '')?.[1] ?? '0';
  const map = (looks.read('/proc/self/uid_map') ?? '').trim().split(/\s+/).join(' ');
  return {
    root: looks.euid() === 0,
    capabilities: BigInt(`0x${mask}`),
    container: containerAround(looks),
    inUserNamespace: map !== '' && map !== '0 0 4294967295',
  };
}

/**
 * Returns the name of the engine whose container this is. Engines leave a file for it; systemd's convention is a
 * variable of the first process.
 */
function containerAround(looks: Looks): string | undefined {
  if (looks.read('/.dockerenv') !== undefined) return 'docker';
  if (looks.read('/run/.containerenv') !== undefined) return 'podman';
  return /(?:^|\0)container=([^\0]+)/.exec(looks.read('/proc/1/environ') ?? '')?.[1];
}

/**
 * The inodes of all files that somebody of this pid namespace holds a lock on, from /proc/locks (proc_locks(5)).
 * Without their devices, which the file systems of stat(2) and of the kernel number differently (btrfs): one too many.
 */
export function lockedInodes(looks: Looks): Set<string> {
  const inodes = (looks.read('/proc/locks') ?? '').matchAll(/ [0-9a-f]+:[0-9a-f]+:(\d+) /g);
  return new Set([...inodes].map(([, inode = '']) => inode));
}
