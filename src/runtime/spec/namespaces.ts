import { EngineError } from '../../errors.ts';
import type {
  IdMappingSpec,
  LinuxSpec,
  NamespaceSpec,
  NamespaceType,
  RuntimeSpec,
  TimeOffsetSpec,
} from '../../oci/runtime-config.ts';
import type { ContainerOptions, IdRange, NamespaceChoice, NamespaceChoices } from '../options.ts';
import type { HostFacts } from './host-facts.ts';

/** __NEW_UTS_LEN of the kernel. */
const NAME_MAX = 64;

/** Names below /proc/PID/ns (namespaces(7)). */
const FILES: Readonly<Record<NamespaceType, string>> = {
  mount: 'mnt',
  pid: 'pid',
  uts: 'uts',
  ipc: 'ipc',
  network: 'net',
  cgroup: 'cgroup',
  user: 'user',
  time: 'time',
};

/** The namespaces of a container with the maps and offsets of the new ones; one that is not listed is the host's. */
export function namespaceSpec(
  chosen: NamespaceChoices,
): Pick<LinuxSpec, 'namespaces' | 'uidMappings' | 'gidMappings' | 'timeOffsets'> {
  const { user, timeOffsets } = chosen;
  const namespaces: NamespaceSpec[] = [
    { type: 'mount' },
    ...listed('pid', chosen.pid),
    ...listed('uts', chosen.uts),
    ...listed('ipc', chosen.ipc),
    ...listed('cgroup', chosen.cgroup),
    ...listed('network', chosen.network),
    ...listed('user', isMapped(user) ? 'new' : user),
    ...listed('time', timeOffsets === undefined ? 'host' : 'new'),
  ];
  return {
    namespaces,
    ...(isMapped(user) ? { uidMappings: mappings(user.uids), gidMappings: mappings(user.gids) } : {}),
    ...(timeOffsets === undefined ? {} : { timeOffsets: offsets(timeOffsets) }),
  };
}

function listed(type: NamespaceType, choice: NamespaceChoice): NamespaceSpec[] {
  if (choice === 'host') return [];
  return choice === 'new' ? [{ type }] : [{ type, path: `/proc/${choice.pid}/ns/${FILES[type]}` }];
}

/** Whether a user namespace is made: one with maps, neither the host's nor another container's. */
function isMapped(
  user: NamespaceChoices['user'],
): user is Exclude<NamespaceChoices['user'], 'host' | { pid: number }> {
  return typeof user === 'object' && 'uids' in user;
}

function mappings(ranges: readonly IdRange[]): IdMappingSpec[] {
  return ranges.map(({ inside, outside, count }) => ({ containerID: inside, hostID: outside, size: count }));
}

function offsets({
  monotonic,
  boottime,
}: NonNullable<NamespaceChoices['timeOffsets']>): LinuxSpec['timeOffsets'] & {} {
  return {
    ...(monotonic === undefined ? {} : { monotonic: offset(monotonic) }),
    ...(boottime === undefined ? {} : { boottime: offset(boottime) }),
  };
}

/** time_namespaces(7): nanoseconds are never negative, so -1.5 s is -2 s and 500,000,000 ns. */
function offset(seconds: number): TimeOffsetSpec {
  if (!Number.isFinite(seconds) || Math.abs(seconds) > MAX_OFFSET) {
    throw new EngineError(
      'invalid',
      `the time offset ${seconds} is not a number of seconds that a clock can show`,
    );
  }
  const secs = Math.floor(seconds);
  const nanosecs = Math.round((seconds - secs) * 1e9);
  return nanosecs === 1e9 ? { secs: secs + 1, nanosecs: 0 } : { secs, nanosecs };
}

/** KTIME_SEC_MAX / 2 of the kernel: about 146 years. */
const MAX_OFFSET = 4_611_686_018;

/** The names that go into a new uts namespace; a shared one has its own. */
export function nameSpec({
  hostname,
  domainname,
  uts,
}: NamespaceChoices): Pick<RuntimeSpec, 'hostname' | 'domainname'> {
  checkName(hostname, 'host name');
  if (domainname !== undefined) checkName(domainname, 'domain name');
  if (uts !== 'new') return {};
  return { hostname, ...(domainname === undefined ? {} : { domainname }) };
}

function checkName(name: string, what: string): void {
  if (name.length > 0 && Buffer.byteLength(name) <= NAME_MAX) return;
  throw new EngineError('invalid', `the ${what} "${name}" has not between 1 and ${NAME_MAX} bytes`, {
    subject: name,
  });
}

/**
 * Refuses what cannot go together, before anything is made: a user namespace owns only what is made with it, so that
 * nothing can be mounted from older ones; Docker refuses most of these, too.
 */
export function checkCombinations(
  { namespaces, security, files }: ContainerOptions,
  { keepsLimits }: Pick<HostFacts, 'keepsLimits'>,
): void {
  const { user, pid, ipc, network, cgroup, shm } = namespaces;
  if (user !== 'host' && security.privileged) {
    throw conflict('a privileged container cannot have a user namespace', {
      hint: 'leave --privileged or --userns out',
    });
  }
  if (user !== 'host' && pid === 'host') {
    throw conflict('a container with a user namespace cannot share the pid namespace of the host', {
      hint: 'leave --pid or --userns out',
    });
  }
  if (isMapped(user)) refuseOlderNamespaces({ pid, ipc, network });
  if (security.writableCgroups && (cgroup !== 'new' || user !== 'host')) {
    throw conflict('writable cgroups need a cgroup namespace of their own, and no user namespace', {
      hint: 'leave writable-cgroups out, or say --cgroupns private without --userns',
    });
  }
  if (security.writableCgroups && !security.privileged && !keepsLimits) {
    throw new EngineError(
      'unsupported',
      'writable cgroups would let the container lift its own limits on this host',
      { hint: 'that takes cgroups of version 2 alone, mounted with nsdelegate, as systemd does' },
    );
  }
  if (files.shmSize && shm !== 'own') {
    throw conflict('the size of /dev/shm cannot be set: this container has none of its own', {
      hint: 'leave --shm-size out',
    });
  }
}

function refuseOlderNamespaces(choices: Readonly<Record<string, NamespaceChoice>>): void {
  for (const [type, choice] of Object.entries(choices)) {
    if (typeof choice !== 'object') continue;
    throw conflict(`sharing the ${type} namespace of a container asks for its user namespace, too`, {
      hint: 'say --userns container:NAME with the same container, or leave --userns out',
    });
  }
}

function conflict(message: string, details: { hint: string }): EngineError {
  return new EngineError('invalid', message, details);
}
