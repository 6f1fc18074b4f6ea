import { type Looks, probeRights, type Rights } from '../../host/probe.ts';
import { type KernelFacts, probeKernel } from '../../host/probe-kernel.ts';
import { CAPABILITIES, type Capability } from '../../runtime/spec/capabilities.ts';
import { bestProfile, PROFILE_LIST } from '../../runtime/spec/host-facts.ts';
import { OWN_PROFILE, usualProfile } from '../../runtime/spec/lsm.ts';
import { findProfileParser } from '../prepare/apparmor.ts';
import type { Context } from '../store/context.ts';
import { cgroupFindings } from './cgroups.ts';
import type { Finding } from './finding.ts';
import { storeFindings } from './store.ts';

/**
 * Finds out what this host offers, by looking only; the cost of what it lacks is said in the words of the command line.
 */
export async function examineHost(context: Context, looks: Looks): Promise<Finding[]> {
  const [rights, kernel] = [probeRights(looks), probeKernel(looks)];
  return [
    ...rightsFindings(rights),
    kernelFinding(kernel),
    ...namespaceFindings(kernel),
    ...cgroupFindings(looks),
    ...(await storeFindings(context, { looks, kernel })),
    seccompFinding(kernel.seccomp),
    kernel.apparmor ? apparmorFinding(looks) : labelFinding(kernel.selinux),
    networkFinding(kernel),
  ];
}

/** The capabilities that the engine itself needs; others matter only as what a container can be given. */
const NEEDED: readonly { name: Capability; cost: string; required?: true }[] = [
  {
    name: 'CAP_SYS_ADMIN',
    cost: 'no namespace and no mount can be made: no container can run',
    required: true,
  },
  { name: 'CAP_MKNOD', cost: '/dev of a container cannot be filled: none can run', required: true },
  { name: 'CAP_SETGID', cost: 'a container cannot be given its groups: none can run', required: true },
  { name: 'CAP_SETPCAP', cost: 'a container cannot be given its capabilities: none can run', required: true },
  {
    name: 'CAP_NET_ADMIN',
    cost: 'lo cannot be brought up: only containers on the network of the host can run',
    required: true,
  },
  { name: 'CAP_DAC_OVERRIDE', cost: 'cgroups and files of other users cannot be written', required: true },
  { name: 'CAP_SETUID', cost: 'containers of other users than root cannot run' },
  { name: 'CAP_CHOWN', cost: 'images with files of other users than root cannot be unpacked' },
  { name: 'CAP_SETFCAP', cost: 'images with capabilities on files cannot be unpacked' },
  { name: 'CAP_KILL', cost: 'processes of other users than root cannot be signalled' },
  {
    name: 'CAP_SYS_RESOURCE',
    cost: 'limits of processes above the own hard ones and a lower OOM score adjustment are refused',
  },
];

function rightsFindings(rights: Rights): Finding[] {
  return [rootFinding(rights), ...missingCapabilities(rights)];
}

function rootFinding({ root, capabilities, container, inUserNamespace }: Rights): Finding {
  const where = [
    ...(container === undefined ? [] : [`inside of a container (${container})`]),
    ...(inUserNamespace ? ['in a user namespace'] : []),
  ].join(', ');
  const finding = { topic: 'rights', name: 'root' } as const;
  if (!root) {
    const cost = 'containers cannot be managed: rootless ones are not supported yet';
    return { ...finding, state: 'missing', detail: 'an ordinary user', cost, remedy: 'run it with sudo' };
  }
  const count = CAPABILITIES.filter((_, bit) => hasBit(capabilities, bit)).length;
  const detail = [`${count} of ${CAPABILITIES.length} capabilities`, where].filter(Boolean).join(', ');
  return { ...finding, state: 'ok', detail };
}

function missingCapabilities({ root, capabilities, container }: Rights): Finding[] {
  if (!root) return [];
  return NEEDED.filter(({ name }) => !hasBit(capabilities, CAPABILITIES.indexOf(name))).map(
    ({ name, cost, required = false }) => ({
      topic: 'rights',
      name,
      state: required ? 'missing' : 'limited',
      detail: 'not among the capabilities of this process',
      cost,
      remedy: `start ${container === undefined ? 'skiff' : 'the container around it'} with ${name}`,
    }),
  );
}

function hasBit(mask: bigint, bit: number): boolean {
  return ((mask >> BigInt(bit)) & 1n) === 1n;
}

/** The first kernel version that has everything that skiff needs. */
const REQUIRED = [5, 12] as const;

function kernelFinding({ release }: KernelFacts): Finding {
  const finding = { topic: 'kernel', name: `Linux ${release}` } as const;
  if (isAtLeast(release, REQUIRED))
    return { ...finding, state: 'ok', detail: `${REQUIRED.join('.')} or newer is needed` };
  return {
    ...finding,
    state: 'missing',
    detail: `older than ${REQUIRED.join('.')}`,
    cost: 'the helper asks for system calls that it lacks: no container can run',
    remedy: 'boot a newer kernel',
  };
}

function isAtLeast(release: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = release.split(/[.-]/).map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

/** The types of namespaces: every container gets the first six; the others are asked for. */
const NAMESPACES: readonly { name: string; word: string; cost: string; required: boolean }[] = [
  ...[
    ['mnt', 'mount'],
    ['pid', 'pid'],
    ['net', 'network'],
    ['uts', 'uts'],
    ['ipc', 'ipc'],
  ].map(([name = '', word = '']) => ({ name, word, cost: 'no container can run', required: true })),
  {
    name: 'cgroup',
    word: 'cgroup',
    cost: 'cgroup namespaces of their own, the default of containers, are refused',
    required: true,
  },
  { name: 'user', word: 'user', cost: 'ids of their own are refused to containers', required: false },
  { name: 'time', word: 'time', cost: 'clocks of their own are refused to containers', required: false },
];

function namespaceFindings({ namespaces }: KernelFacts): Finding[] {
  return NAMESPACES.map(({ name, word, cost, required }) => {
    const most = namespaces.get(name);
    const finding = { topic: 'namespaces', name: word } as const;
    if (most !== undefined && most > 0) return { ...finding, state: 'ok', detail: 'can be made' };
    const state = required ? 'missing' : 'limited';
    if (most === undefined)
      return { ...finding, state, detail: 'not in this kernel', cost, remedy: 'boot a kernel that has it' };
    const file = `user.max_${name}_namespaces`;
    return { ...finding, state, detail: `forbidden by ${file}`, cost, remedy: `sysctl ${file}=15000` };
  });
}

function seccompFinding(seccomp: boolean): Finding {
  const finding = { topic: 'security', name: 'seccomp' } as const;
  if (seccomp) return { ...finding, state: 'ok', detail: 'filters can be attached' };
  return {
    ...finding,
    state: 'missing',
    detail: 'no filters in this kernel',
    cost: 'containers run only without a filter (seccomp=unconfined)',
    remedy: 'boot a kernel with CONFIG_SECCOMP_FILTER',
  };
}

/** The profile of containers that ask for none. */
function apparmorFinding(looks: Looks): Finding {
  const finding = { topic: 'security', name: 'AppArmor' } as const;
  const state = bestProfile(looks.read(PROFILE_LIST));
  const profile = usualProfile(state, { canLoad: findProfileParser(looks) !== undefined });
  const detail = `containers run under ${profile === undefined ? 'no profile' : `the profile ${profile}`}`;
  if (profile === OWN_PROFILE) return { ...finding, state: 'ok', detail };
  return {
    ...finding,
    state: 'limited',
    detail,
    cost: 'AF_ALG and AF_VSOCK are open to 32-bit programs, and fewer files of /proc and /sys are closed',
    remedy:
      state === 'unseen'
        ? 'mount -t securityfs securityfs /sys/kernel/security'
        : 'install apparmor_parser (the package apparmor)',
  };
}

/** A kernel without AppArmor. */
function labelFinding(selinux: KernelFacts['selinux']): Finding {
  const finding = { topic: 'security', name: 'AppArmor or SELinux' } as const;
  if (selinux !== undefined) return { ...finding, state: 'ok', detail: `SELinux is ${selinux}` };
  return {
    ...finding,
    state: 'limited',
    detail: 'neither is enabled',
    cost: 'profiles of AppArmor and labels of SELinux are refused; capabilities and seccomp do their work as ever',
    remedy: 'boot with apparmor=1, or with selinux=1 and a policy',
  };
}

function networkFinding({ nftables }: KernelFacts): Finding {
  const finding = { topic: 'network', name: 'nftables' } as const;
  if (nftables === 'loaded') return { ...finding, state: 'ok', detail: 'in the kernel' };
  if (nftables === 'module') return { ...finding, state: 'ok', detail: 'a module, to be loaded' };
  return {
    ...finding,
    state: 'limited',
    detail: 'neither in this kernel nor among its modules',
    cost: 'there can be no bridge networks; none and host do as they are',
    remedy: 'boot a kernel with CONFIG_NF_TABLES',
  };
}
