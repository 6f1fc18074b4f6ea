import type { Looks } from './probe.ts';

/** The features that this kernel was built with and lets this process use. */
export interface KernelFacts {
  release: string;
  /** Namespace types by their names in /proc/self/ns; how many of them may be made, 0 where an administrator forbids them. */
  namespaces: ReadonlyMap<string, number>;
  overlay: boolean;
  /** seccomp(2) takes filters. */
  seccomp: boolean;
  apparmor: boolean;
  selinux: 'enforcing' | 'permissive' | undefined;
  nftables: 'loaded' | 'module' | undefined;
}

/** The namespaces by their names in /proc/self/ns, with those that their limits have in /proc/sys/user. */
const NAMESPACES = {
  mnt: 'mnt',
  pid: 'pid',
  net: 'net',
  uts: 'uts',
  ipc: 'ipc',
  cgroup: 'cgroup',
  user: 'user',
  time: 'time',
};

export function probeKernel(looks: Looks): KernelFacts {
  const release = (looks.read('/proc/sys/kernel/osrelease') ?? '').trim();
  return {
    release,
    namespaces: namespacesOf(looks),
    overlay:
      /^(?:nodev)?\toverlay$/m.test(looks.read('/proc/filesystems') ?? '') ||
      hasModule(looks, release, 'overlay'),
    seccomp:
      /^Seccomp:/m.test(looks.read('/proc/self/status') ?? '') &&
      looks.read('/proc/sys/kernel/seccomp/actions_avail') !== undefined,
    apparmor: looks.read('/sys/module/apparmor/parameters/enabled')?.trim() === 'Y',
    selinux: selinuxMode(looks.read('/sys/fs/selinux/enforce')),
    nftables: nftables(looks, release),
  };
}

function namespacesOf(looks: Looks): Map<string, number> {
  const present = new Set(looks.names('/proc/self/ns'));
  const found = new Map<string, number>();
  for (const [name, limit] of Object.entries(NAMESPACES)) {
    if (!present.has(name)) continue;
    const most = looks.read(`/proc/sys/user/max_${limit}_namespaces`);
    found.set(name, most === undefined ? Number.POSITIVE_INFINITY : Number(most));
  }
  return found;
}

function selinuxMode(enforce: string | undefined): KernelFacts['selinux'] {
  if (enforce === undefined) return undefined;
  return enforce.trim() === '1' ? 'enforcing' : 'permissive';
}

/**
 * Finds out whether the kernel has nftables. Built in, it shows nowhere but in the kernel's configuration, where that
 * is kept.
 */
function nftables(looks: Looks, release: string): KernelFacts['nftables'] {
  if (looks.names('/sys/module/nf_tables').length > 0) return 'loaded';
  if (hasModule(looks, release, 'nf_tables')) return 'module';
  const config = looks.readGzip('/proc/config.gz') ?? looks.read(`/boot/config-${release}`) ?? '';
  return /^CONFIG_NF_TABLES=y$/m.test(config) ? 'loaded' : undefined;
}

/** Whether a module is built in, or there to be loaded when something asks for it. */
function hasModule(looks: Looks, release: string, name: string): boolean {
  const listed = (file: string) =>
    (looks.read(`/lib/modules/${release}/${file}`) ?? '').includes(`/${name}.ko`);
  return listed('modules.builtin') || listed('modules.dep');
}
