import { readText } from '../../host/read-text.ts';

/** The places of cgroup controllers on this host. `hybrid`: some or all on v1, beside a v2 hierarchy. */
export interface CgroupLayout {
  mode: 'v1' | 'hybrid' | 'v2' | 'none';
  hierarchies: readonly Hierarchy[];
}

/** A mounted hierarchy. `directory` is where skiff makes its own cgroups: the root of what it can see. */
export interface Hierarchy {
  version: 'v1' | 'v2';
  directory: string;
  /**
   * The part of the hierarchy that is mounted there, as /proc/PID/cgroup names it: `/` is all that can be seen from
   * here.
   */
  shows: string;
  /** The controllers, as v1 mounts them together (`cpu`, `cpuacct`), or as v2 offers them here (`cgroup.controllers`). */
  controllers: readonly string[];
  /** False: mounted read-only, as inside of an unprivileged container. */
  writable: boolean;
  /** v2 only. */
  unified?: UnifiedFacts | undefined;
}

export interface UnifiedFacts {
  /** The controllers that `cgroup.subtree_control` hands to children already. */
  enabled: readonly string[];
  /**
   * Controllers can be handed to children: this is the root of all cgroups, or it holds no processes itself ("no
   * internal processes", kernel's cgroup-v2.rst). Seen from inside of a container neither may be so.
   */
  delegates: boolean;
  /** Mounted with nsdelegate: the kernel keeps whoever is in a cgroup namespace from the limits of its own root. */
  nsdelegate: boolean;
}

/** Reads a file whole; undefined when it is missing or unreadable. */
export type ReadText = (file: string) => string | undefined;

/** Whether a container that may write to its cgroups has its limits all the same. On v1 they are files like any other. */
export function keepsLimitsFromNamespaces({ mode, hierarchies }: CgroupLayout): boolean {
  return mode === 'v2' && hierarchies.every(({ unified }) => unified?.nsdelegate === true);
}

/** The layout of this host; two small files of /proc, and three of the v2 hierarchy if there is one. */
export function readCgroupLayout(read: ReadText = readText): CgroupLayout {
  const mounts = parseMounts(read('/proc/self/mountinfo') ?? '');
  const v1 = mounts.filter((mount) => mount.fstype === 'cgroup').map(v1Hierarchy);
  const v2 = mounts.filter((mount) => mount.fstype === 'cgroup2').map((mount) => v2Hierarchy(mount, read));
  const controlled = v1.filter(({ controllers }) => controllers.length > 0);
  return { mode: modeOf(controlled, v2), hierarchies: [...firstOfEach(controlled), ...firstOfEach(v2)] };
}

function modeOf(v1: readonly Hierarchy[], v2: readonly Hierarchy[]): CgroupLayout['mode'] {
  if (v1.length === 0) return v2.length === 0 ? 'none' : 'v2';
  return v2.length === 0 ? 'v1' : 'hybrid';
}

/** A hierarchy may be mounted several times: the first writable mount is taken, else the first. */
function firstOfEach(hierarchies: readonly Hierarchy[]): Hierarchy[] {
  const chosen = new Map<string, Hierarchy>();
  for (const hierarchy of hierarchies) {
    const key = hierarchy.version === 'v2' ? 'v2' : hierarchy.controllers.join(',');
    const known = chosen.get(key);
    if (known === undefined || (!known.writable && hierarchy.writable)) chosen.set(key, hierarchy);
  }
  return [...chosen.values()];
}

interface Mount {
  directory: string;
  shows: string;
  fstype: string;
  options: string[];
  superOptions: string[];
}

/** proc_pid_mountinfo(5): `36 35 98:0 /root /point options tags… - fstype source super-options`. */
function parseMounts(mountinfo: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of mountinfo.split('\n')) {
    if (!line.includes(' - cgroup')) continue;
    const [front = '', back = ''] = line.split(' - ');
    const [, , , shows = '', directory = '', options = ''] = front.split(' ');
    const [fstype = '', , superOptions = ''] = back.split(' ');
    mounts.push({
      directory: unescaped(directory),
      shows: unescaped(shows),
      fstype,
      options: options.split(','),
      superOptions: superOptions.split(','),
    });
  }
  return mounts;
}

/** Blanks are written as `\040`. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** Options of a v1 hierarchy that are not controllers; names and agents contain `=`. */
const V1_OPTIONS = new Set(['rw', 'ro', 'xattr', 'noprefix', 'clone_children', 'cpuset_v2_mode', 'none']);

function v1Hierarchy({ directory, shows, options, superOptions }: Mount): Hierarchy {
  const controllers = superOptions.filter((word) => !V1_OPTIONS.has(word) && !word.includes('='));
  return { version: 'v1', directory, shows, controllers, writable: isWritable(options, superOptions) };
}

function v2Hierarchy({ directory, shows, options, superOptions }: Mount, read: ReadText): Hierarchy {
  const words = (file: string): string[] => (read(`${directory}/${file}`) ?? '').split(/\s+/).filter(Boolean);
  // Only the root of all cgroups has no type; another one may be that of a cgroup namespace, full of processes.
  const isRoot = read(`${directory}/cgroup.type`) === undefined;
  return {
    version: 'v2',
    directory,
    shows,
    controllers: words('cgroup.controllers'),
    writable: isWritable(options, superOptions),
    unified: {
      enabled: words('cgroup.subtree_control'),
      delegates: isRoot || words('cgroup.procs').length === 0,
      nsdelegate: superOptions.includes('nsdelegate'),
    },
  };
}

function isWritable(options: readonly string[], superOptions: readonly string[]): boolean {
  return !options.includes('ro') && !superOptions.includes('ro');
}
