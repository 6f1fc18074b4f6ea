import { posix } from 'node:path';
import { EngineError } from '../../errors.ts';
import type { MountSpec } from '../../oci/runtime-config.ts';

/** Words of mount(8) by what they decide; the last one about each thing counts. */
const DECISIONS: Readonly<Record<string, string>> = {
  ro: 'write',
  rw: 'write',
  nosuid: 'suid',
  suid: 'suid',
  nodev: 'dev',
  dev: 'dev',
  noexec: 'exec',
  exec: 'exec',
  noatime: 'atime',
  atime: 'atime',
  relatime: 'atime',
  norelatime: 'atime',
  strictatime: 'atime',
  nostrictatime: 'atime',
};

/** Words that the kernel would have anyway: a new mount's default, or nothing that a tmpfs could do otherwise. */
const IMPLIED = [
  ...['rw', 'suid', 'dev', 'exec', 'atime', 'norelatime', 'nostrictatime', 'defaults'],
  ...['sync', 'async', 'dirsync', 'mand', 'nomand', 'diratime'],
];

/** Parameters of tmpfs(5) that Docker lets through, and what they look like. */
function isParameter(word: string): boolean {
  return /^(size=\d+[kmgtpe%]?|nr_(blocks|inodes)=\d+[kmgtpe]?|mode=[0-7]{1,5}|[ug]id=\d{1,10}|mpol=[\w:=-]+)$/i.test(
    word,
  );
}

/**
 * `--tmpfs PATH[:OPTIONS]` as a mount, closed as Docker has it (noexec, nosuid, nodev) unless the options open it.
 * Throws `invalid` for an option that a tmpfs does not have, and for a path that cannot be one's place.
 */
export function tmpfsMount({ path, options }: { path: string; options: readonly string[] }): MountSpec {
  const destination = checkedPath(path);
  const chosen = new Map<string, string>();
  for (const word of ['noexec', 'nosuid', 'nodev', ...options.filter((option) => option !== '')]) {
    chosen.set(subjectOf(word, path), word);
  }
  const words = [...chosen.values()].filter((word) => !IMPLIED.includes(word));
  return { destination, type: 'tmpfs', source: 'tmpfs', options: words };
}

/** The places that Podman leaves writable in memory; /dev and /dev/shm are so in any case. */
const WRITABLE_PLACES = ['/run', '/tmp', '/var/tmp'];

/**
 * The tmpfs, in the words of `--tmpfs`, of a container whose root is read-only and whose programs are to find places to
 * write all the same, programs that are executed there included. `taken` are the targets of what else is mounted.
 */
export function writablePlaces(taken: Iterable<string>): { path: string; options: string[] }[] {
  const others = new Set([...taken].map((path) => posix.join(path, '.').replace(/(.)\/$/, '$1')));
  return WRITABLE_PLACES.filter((path) => !others.has(path)).map((path) => ({ path, options: ['exec'] }));
}

/** Returns the subject of a word: of several words with the same subject the last one counts. */
function subjectOf(word: string, path: string): string {
  const equals = word.indexOf('=');
  const key = equals < 0 ? word : word.slice(0, equals);
  const known = equals < 0 ? Object.hasOwn(DECISIONS, word) || IMPLIED.includes(word) : isParameter(word);
  if (known) return DECISIONS[key] ?? key;
  throw new EngineError('invalid', `invalid option of the tmpfs on ${path}: "${word}"`, {
    subject: word,
    hint: 'options are ro, exec, suid, dev, noatime, size=, mode=, uid=, gid=, nr_inodes=, nr_blocks= and mpol=',
  });
}

/** /proc cannot be covered: what is masked there would be missed, and programs would be told lies about themselves. */
function checkedPath(path: string): string {
  const normal = posix.normalize(path).replace(/(.)\/$/, '$1');
  if (path.startsWith('/') && normal !== '/' && normal !== '/proc' && !normal.startsWith('/proc/'))
    return normal;
  throw new EngineError('invalid', `a tmpfs cannot be mounted on "${path}"`, {
    subject: path,
    hint: 'name an absolute path inside the container that is neither the root nor in /proc',
  });
}
