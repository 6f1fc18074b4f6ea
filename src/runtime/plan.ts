import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import type { DeviceSpec, MountSpec, ProcessSpec, RuntimeSpec } from '../oci/runtime-config.ts';
import { capabilityMask } from './capabilities.ts';
import type { CgroupPlan } from './cgroup.ts';
import { DEV_LINKS } from './defaults.ts';
import type { ContainerOptions } from './options.ts';
import type { PlanRecord } from './plan-encode.ts';

/** What a plan needs besides the spec: where the container lives on this host and who explains its failures. */
export interface Placement extends Pick<ContainerOptions, 'identity' | 'rootfs' | 'stdio' | 'stop'> {
  cgroup: CgroupPlan;
  /** argv of the command that explains a failed start; the helper appends stage, errno and detail. */
  failure: readonly string[];
}

/**
 * Compiles a `config.json` into the helper's plan (src/ARCHITECTURE.md, "The plan"). Pure; the order of the records
 * is the order of the system calls. Throws `unsupported` for a mount option that the helper does not know.
 */
export function compilePlan(spec: RuntimeSpec, placement: Placement): PlanRecord[] {
  return [
    ...general(spec, placement),
    ['setup'],
    ...placement.cgroup.setup,
    ['init'],
    ...init(spec, placement),
    ['process'],
    ...processRecords(spec.process),
    ['teardown'],
    ...teardown(placement),
  ];
}

function general(spec: RuntimeSpec, { identity, stdio, stop, cgroup, failure }: Placement): PlanRecord[] {
  return [
    ['id', identity.id],
    ['rundir', identity.runDir],
    ['exit-record', join(identity.containerDir, 'exit')],
    ['log', stdio.logPath, String(stdio.logMaxBytes), String(stdio.logMaxFiles)],
    ['stdin', stdio.stdin ? 'open' : 'null'],
    ['stop', String(stop.signal), String(stop.timeoutMs)],
    ['failure', ...failure],
    ...spec.linux.namespaces.map(({ type }): PlanRecord => ['namespace', type === 'network' ? 'net' : type]),
    ...cgroup.directories.map(({ version, path }): PlanRecord => ['cgroup', version, path]),
  ];
}

/**
 * Sources of binds are the host's paths, so all mounts come before the pivot. What is hidden or made read-only comes
 * after everything that is mounted, or a later mount would uncover it; sysctls come before /proc/sys is read-only;
 * the root is closed last, as TARGETs may still have to be made on it.
 */
function init(spec: RuntimeSpec, { rootfs, cgroup }: Placement): PlanRecord[] {
  const { linux } = spec;
  const hasNetwork = linux.namespaces.some(({ type }) => type === 'network');
  return [
    // Private, not slave: nothing that the host mounts or unmounts from now on concerns this container.
    ['propagation', 'private'],
    root(rootfs),
    ...spec.mounts.flatMap((mount) => mountRecords(mount, cgroup)),
    ...linux.devices.map(node),
    ...DEV_LINKS.map(([path, target]): PlanRecord => ['symlink', path, target]),
    ['hostname', spec.hostname],
    ...(hasNetwork ? ([['loopback']] as const) : []),
    ...Object.entries(linux.sysctl).map(([name, value]): PlanRecord => ['sysctl', name, value]),
    ['pivot'],
    ...linux.maskedPaths.map((path): PlanRecord => ['mask', path]),
    ...linux.readonlyPaths.map((path): PlanRecord => ['readonly', path]),
    ...(spec.root.readonly ? ([['root-readonly']] as const) : []),
  ];
}

/** An image without layers has nothing to lay over: what the container writes is all there is. */
function root({ lowers, mountPoint, upper, work }: Placement['rootfs']): PlanRecord {
  if (lowers.length === 0) return ['bind-root', upper];
  return ['overlay', mountPoint, upper, work, 'nodev', ...lowers];
}

function node({ path, type, major, minor, fileMode }: DeviceSpec): PlanRecord {
  return ['node', path, type, String(major), String(minor), fileMode.toString(8)];
}

/** Words of mount(8) that the helper turns into flags. */
const FLAGS = new Set(['ro', 'nosuid', 'nodev', 'noexec', 'relatime']);

/** Words that need no step: `rw` is the absence of `ro`, the type says `bind`, and all propagation is private. */
const IMPLIED = new Set(['rw', 'bind', 'private', 'rprivate']);

function mountRecords({ destination, type, source, options }: MountSpec, cgroup: CgroupPlan): PlanRecord[] {
  const words = options.filter((word) => !IMPLIED.has(word));
  const flags = words.filter((word) => FLAGS.has(word));
  const data = words.filter((word) => !FLAGS.has(word));
  if (type === 'cgroup') {
    return cgroup.mount === undefined
      ? []
      : [['cgroup-mount', destination, cgroup.mount.version, ...cgroup.mount.names]];
  }
  if (type !== 'bind') return [['mount', type, source, destination, [...flags, 'mkdir'].join(), data.join()]];
  if (data.length > 0) throw unknownOption(destination, data);
  // Only files of the engine are bound so far; a directory will need `mkdir` instead.
  return [['bind', source, destination, [...flags, 'mkfile'].join()]];
}

function unknownOption(destination: string, words: readonly string[]): EngineError {
  return new EngineError('unsupported', `mount option "${words[0]}" of ${destination} is not supported`, {
    subject: destination,
  });
}

/** Numbers of getrlimit(2), the same on x86-64 and arm64. */
const RLIMITS = { RLIMIT_NOFILE: 7 } as const;

function processRecords(process: ProcessSpec): PlanRecord[] {
  const { args, env, cwd, user, capabilities, rlimits, noNewPrivileges } = process;
  const { bounding, permitted, inheritable = [], effective, ambient = [] } = capabilities;
  const sets = [bounding, permitted, inheritable, effective, ambient];
  return [
    ...args.map((arg): PlanRecord => ['arg', arg]),
    ...env.map((entry): PlanRecord => ['env', entry]),
    ['cwd', cwd],
    ['user', user.username ?? `${user.uid}:${user.gid}`],
    // Always said: a container does not inherit the mask of the shell that started it.
    ['umask', (user.umask ?? 0o022).toString(8).padStart(4, '0')],
    ...rlimits.map(
      ({ type, soft, hard }): PlanRecord => ['rlimit', String(RLIMITS[type]), String(soft), String(hard)],
    ),
    ['capabilities', ...sets.map(capabilityMask)],
    ...(noNewPrivileges ? ([['no-new-privileges']] as const) : []),
  ];
}

/** With `--rm` the mark comes last: only when the files are gone may the row go. */
function teardown({ identity: { autoRemove, containerDir }, cgroup }: Placement): PlanRecord[] {
  const records = cgroup.directories.map(({ path }): PlanRecord => ['rmdir-cgroup', path]);
  if (autoRemove === false) return records;
  return [...records, ['remove-tree', containerDir, autoRemove.trash], ['touch', autoRemove.goneMark]];
}
