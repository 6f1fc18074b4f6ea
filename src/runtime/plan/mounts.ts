import { EngineError } from '../../errors.ts';
import type { DeviceSpec, MountSpec, RuntimeSpec } from '../../oci/runtime-config.ts';
import type { RootfsOptions, RuntimeBind, RuntimeOverlay } from '../options.ts';
import type { PlanRecord } from '../record.ts';
import type { Placement } from './placement.ts';

/**
 * The root: an overlay, a directory of the host with what is mounted below it, or what the container writes alone for an
 * image without layers. `nodev` where no rules keep device nodes of the image from being opened. Read-only it becomes once
 * the places for mounts are made; what is mounted below a directory is that from the beginning.
 */
export function rootRecord({ linux, root }: RuntimeSpec, { rootfs }: Placement): PlanRecord {
  const { directory, lowers, mountPoint, upper, work } = rootfs;
  const nodev = linux.resources.devices === undefined ? ['nodev'] : [];
  if (directory !== undefined) {
    const flags = ['rec', ...(root.readonly ? ['ro-below'] : []), ...nodev, ...mapWords(rootfs)];
    return ['bind-root', mountPoint, directory, flags.join()];
  }
  if (lowers.length === 0) return ['bind-root', mountPoint, upper, [...nodev, ...mapWords(rootfs)].join()];
  const flags = [...nodev, ...overlayWords(rootfs)];
  return ['overlay', mountPoint, upper, work, flags.join(), ...lowers];
}

/** The words of the record `overlay` that the layers themselves ask for. */
export function overlayWords(rootfs: RootfsOptions): string[] {
  const { size } = rootfs;
  return [...mapWords(rootfs), ...(size === undefined ? [] : [`quota=${size}`])];
}

/** The same of the record `bind-root`. */
export function mapWords({ idMapped }: RootfsOptions): string[] {
  return idMapped ? ['idmap'] : [];
}

/** Nodes; binds of the host's own where a user namespace forbids to make any. */
export function deviceRecords(devices: readonly DeviceSpec[], { namespaces }: Placement): PlanRecord[] {
  if (namespaces.user !== 'host') {
    return devices.map(({ path }): PlanRecord => ['bind', path, path, 'mkfile']);
  }
  return devices.map(({ path, type, major, minor, fileMode, uid = 0, gid = 0 }) => [
    'node',
    path,
    type,
    ...[major, minor].map(String),
    fileMode.toString(8),
    ...[uid, gid].map(String),
  ]);
}

/** Words of mount(8) that the helper turns into flags. */
const FLAGS = new Set([
  ...['ro', 'nosuid', 'nodev', 'noexec', 'relatime', 'noatime', 'strictatime'],
  ...['shared', 'rshared', 'slave', 'rslave', 'idmap'],
]);

/** Words that need no step: `rw` is the absence of `ro`, the type says `bind`, and what is not shared is private. */
const IMPLIED = new Set(['rw', 'bind', 'rbind', 'private', 'rprivate']);

/** The binds whose missing target is made as a directory; for all others it is a file. */
const DIRECTORIES = new Set(['/sys', '/dev/shm', '/dev/mqueue']);

/** The records of one mount of the spec. Throws `unsupported` for an option that the helper does not know. */
export function mountRecords(mount: MountSpec, placement: Placement): PlanRecord[] {
  const { destination, type, source, options } = mount;
  const asked = placement.mounts?.find((one) => one.destination === destination);
  if (asked !== undefined && asked.type !== 'tmpfs') return [askedRecord(asked, mount)];
  const words = options.filter((word) => !IMPLIED.has(word));
  const flags = words.filter((word) => FLAGS.has(word));
  if (type === 'cgroup') return cgroupRecords(destination, options, placement);
  if (type !== 'bind') {
    const data = words.filter((word) => !FLAGS.has(word));
    // What covers a directory looks like it, as in runc: a tmpfs on /run is not open to everybody.
    const mode = type === 'tmpfs' && !data.some((word) => word.startsWith('mode=')) ? ['keep-mode'] : [];
    return [['mount', type, source, destination, [...flags, ...mode, 'mkdir'].join(), data.join()]];
  }
  const target = [...bindFlags(mount), DIRECTORIES.has(destination) ? 'mkdir' : 'mkfile'].join();
  const owner = destination === '/dev/shm' ? shmOwner(placement) : undefined;
  if (owner === undefined) return [['bind', source, destination, target]];
  return [['bind-of', String(owner.pid), String(owner.startTime), '/dev/shm', destination, target]];
}

/** What is mounted below is read-only as well with `rro` alone: the helper's `ro` is for all that is shown. */
function bindFlags({ destination, options }: MountSpec): string[] {
  const recursive = options.includes('rbind');
  const words = options.filter((word) => !IMPLIED.has(word));
  const flags = words.map((word) => (word === 'rro' ? 'ro' : word === 'ro' && recursive ? 'ro-top' : word));
  const unknown = flags.find((word) => !FLAGS.has(word) && word !== 'ro-top');
  if (unknown !== undefined) throw unknownOption(destination, unknown);
  return recursive ? ['rec', ...flags] : flags;
}

/**
 * A mount of the user's, of which the options say more than the spec. No link of the image may lead to procfs or sysfs,
 * and what is named there is not reached by one.
 */
export function askedRecord(asked: RuntimeBind | RuntimeOverlay, mount: MountSpec): PlanRecord {
  const { destination, beneath } = asked;
  const exact = /^\/(proc|sys)(\/|$)/.test(destination) ? ['nofollow'] : [];
  if (asked.type === 'bind') {
    const tried = asked.idMap === 'if-possible' ? ['try-idmap'] : [];
    const flags = [
      ...bindFlags(mount),
      ...tried,
      'mksame',
      ...(asked.chown ? ['chown'] : []),
      ...exact,
    ].join();
    return beneath === undefined
      ? ['bind', asked.source, destination, flags]
      : ['bind-beneath', asked.source, beneath, destination, flags];
  }
  const { lowers, writes, readOnly, idMap } = asked;
  const flags = [
    ...(readOnly || writes === undefined ? ['ro'] : []),
    ...(writes === undefined ? ['nodev'] : []),
    ...(idMap ? ['idmap'] : []),
    'mksame',
    ...exact,
  ];
  const { upper, work } = writes ?? { upper: '', work: '' };
  return ['overlay-at', destination, upper, work, flags.join(), beneath ?? '', ...lowers];
}

/** Of sources for this container alone, `private`, in the categories of its processes; none where there is no SELinux. */
export function labelRecords(spec: RuntimeSpec, { mounts = [] }: Placement): PlanRecord[] {
  const { selinuxLabel } = spec.process;
  if (selinuxLabel === undefined) return [];
  const own = selinuxLabel.split(':').slice(3).join(':') || 's0';
  return mounts.flatMap((mount): PlanRecord[] => {
    if (mount.type !== 'bind' || mount.relabel === undefined) return [];
    const level = mount.relabel === 'private' ? own : 's0';
    return [['relabel', mount.source, `system_u:object_r:container_file_t:${level}`]];
  });
}

/** The process whose /dev/shm is shared. */
function shmOwner({ namespaces: { shm, ipc } }: Placement) {
  return shm === 'joined' && typeof ipc === 'object' ? ipc : undefined;
}

function unknownOption(destination: string, word: string): EngineError {
  return new EngineError('unsupported', `mount option "${word}" of ${destination} is not supported`, {
    subject: destination,
  });
}

const CGROUP_FLAGS = 'nosuid,nodev,noexec';

/**
 * In a cgroup namespace a mount shows the container's own part of each hierarchy. In the host's it would show all of
 * them: with v2 it does, as in Docker; of v1 the container's own directories are bound, as runc does.
 */
function cgroupRecords(destination: string, options: readonly string[], placement: Placement): PlanRecord[] {
  const { cgroup, namespaces } = placement;
  if (cgroup.mount === undefined) return [];
  const { version, names } = cgroup.mount;
  const access = options.includes('ro') ? 'ro' : 'rw';
  if (namespaces.cgroup !== 'host' || version === 'v2')
    return [['cgroup-mount', destination, version, access, ...names]];
  const flags = `${access === 'ro' ? 'ro,' : ''}${CGROUP_FLAGS},mkdir`;
  return [
    ['mount', 'tmpfs', 'cgroup', destination, `${CGROUP_FLAGS},mkdir`, 'mode=755'],
    ...hierarchies(placement).map(
      ({ name, path }): PlanRecord => ['bind', path, `${destination}/${name}`, flags],
    ),
    ...names.flatMap((name) => controllerLinks(destination, name)),
  ];
}

/** The container's directory in each hierarchy and the name that the hierarchy has below /sys/fs/cgroup. */
function hierarchies({ cgroup }: Placement): { name: string; path: string }[] {
  const unified = cgroup.directories.filter(({ version }) => version === 'v2');
  const legacy = cgroup.directories.filter(({ version }) => version === 'v1');
  const paths = [...legacy, ...unified].map(({ path }) => path);
  return (cgroup.mount?.names ?? []).map((name, index) => ({ name, path: paths[index] ?? '' }));
}

/** `cpu,cpuacct` is found under each of its names, as on every host. */
function controllerLinks(destination: string, name: string): PlanRecord[] {
  if (!name.includes(',')) return [];
  return name.split(',').map((word) => ['symlink', `${destination}/${word}`, name]);
}

/** Masked and read-only paths, and the directory of bound hierarchies when they are read-only. */
export function hiddenPaths({ linux, mounts }: RuntimeSpec, { cgroup, namespaces }: Placement): PlanRecord[] {
  const bound = namespaces.cgroup === 'host' && cgroup.mount !== undefined && cgroup.mount.version !== 'v2';
  const closed = mounts.filter(({ type, options }) => type === 'cgroup' && options.includes('ro'));
  const readonly = [...linux.readonlyPaths, ...(bound ? closed.map(({ destination }) => destination) : [])];
  return [
    ...linux.maskedPaths.map((path): PlanRecord => ['mask', path]),
    ...readonly.map((path): PlanRecord => ['readonly', path]),
  ];
}
