import { EngineError } from '../../errors.ts';
import type { MountSpec } from '../../oci/runtime-config.ts';
import type { ContainerOptions, NamespaceChoices } from '../options.ts';
import { askedMount } from './asked-mounts.ts';
import { DEFAULT_SHM_SIZE, INIT_PLACE } from './defaults.ts';
import type { HostFacts } from './host-facts.ts';
import { tmpfsMount, writablePlaces } from './tmpfs-options.ts';

/**
 * All mounts in the order in which they are made: those of every container, then the user's and the engine's files,
 * parents first. A mount of the user's takes the place of the engine's own, and one on /dev that of all below it.
 */
export function mountSpecs(options: ContainerOptions, host: HostFacts): MountSpec[] {
  const { tmpfs = [], readOnlyTmpfs = false } = options.files;
  const own = [...tmpfs.map(tmpfsMount), ...(options.mounts ?? []).map(askedMount)];
  const asked = readOnlyTmpfs
    ? [...own, ...writablePlaces(own.map(({ destination }) => destination)).map(tmpfsMount)]
    : own;
  if (asked.length === 0) return [...defaultMounts(options, host), ...fileMounts(options)];
  const taken = new Set(asked.map(({ destination }) => destination));
  const isCovered = taken.has('/dev') || taken.has(INIT_PLACE);
  if (isCovered && options.process.initPath !== undefined) throw coversInit();
  const isFree = ({ destination }: MountSpec) => !taken.has(destination);
  const defaults = defaultMounts(options, host).filter(
    (mount) => isFree(mount) && !(taken.has('/dev') && mount.destination.startsWith('/dev/')),
  );
  return [...defaults, ...parentsFirst([...asked, ...fileMounts(options).filter(isFree)])];
}

function coversInit(): EngineError {
  return new EngineError('invalid', `the init is shown on ${INIT_PLACE}, which is mounted over`, {
    subject: INIT_PLACE,
    hint: 'leave --init-path out, or mount something else',
  });
}

function parentsFirst(mounts: readonly MountSpec[]): MountSpec[] {
  const depth = ({ destination }: MountSpec) => destination.split('/').length;
  return [...mounts].sort((one, other) => depth(one) - depth(other));
}

const CLOSED = ['nosuid', 'noexec', 'nodev'];

function defaultMounts({ namespaces, security, files }: ContainerOptions, host: HostFacts): MountSpec[] {
  const { privileged = false, writableCgroups = false } = security;
  return [
    fileSystem('/proc', 'proc', 'proc', CLOSED),
    fileSystem('/dev', 'tmpfs', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
    fileSystem('/dev/pts', 'devpts', 'devpts', [
      'nosuid',
      'noexec',
      'newinstance',
      'ptmxmode=0666',
      'mode=0620',
      ...(hasGroup(TTY, namespaces.user) ? [`gid=${TTY}`] : []),
    ]),
    ...sysMount(namespaces, privileged),
    fileSystem('/sys/fs/cgroup', 'cgroup', 'cgroup', [
      ...CLOSED,
      ...(privileged || writableCgroups ? [] : ['ro']),
    ]),
    ...mqueueMount(namespaces, host),
    ...shmMount(namespaces, files.shmSize),
  ];
}

function fileSystem(destination: string, type: string, source: string, options: string[]): MountSpec {
  return { destination, type, source, options };
}

function bind(destination: string, source: string, options: string[] = []): MountSpec {
  return { destination, type: 'bind', source, options: ['bind', 'rprivate', ...options] };
}

/** The group of terminals in every distribution. */
const TTY = 5;

/** A group without a number on the host cannot own anything; that of another container's maps is not known. */
function hasGroup(gid: number, user: NamespaceChoices['user']): boolean {
  if (user === 'host') return true;
  return 'gids' in user && user.gids.some(({ inside, count }) => gid >= inside && gid < inside + count);
}

/** sysfs shows the network namespace, and only its owner may mount it: with the host's network it is the host's. */
function sysMount({ user, network }: NamespaceChoices, privileged: boolean): MountSpec[] {
  if (user !== 'host' && network === 'host') {
    return [fileSystem('/sys', 'bind', '/sys', ['rbind', 'rprivate', ...CLOSED, 'rro'])];
  }
  return [fileSystem('/sys', 'sysfs', 'sysfs', [...CLOSED, ...(privileged ? [] : ['ro'])])];
}

/**
 * A new mount shows the queues of the ipc namespace, shared or not; only its owner may make one. Where the host has none
 * that could be bound the container goes without, and has the system calls still.
 */
function mqueueMount({ user, ipc }: NamespaceChoices, { devices }: HostFacts): MountSpec[] {
  if (user === 'host' || ipc !== 'host') return [fileSystem('/dev/mqueue', 'mqueue', 'mqueue', CLOSED)];
  return devices.at('/dev/mqueue') === undefined ? [] : [bind('/dev/mqueue', '/dev/mqueue')];
}

/** The source of a shared one is for other runtimes: the plan names the process itself, which cannot be mistaken. */
function shmMount({ shm, ipc }: NamespaceChoices, size: number | undefined): MountSpec[] {
  switch (shm) {
    case 'none':
      return [];
    case 'host':
      return [bind('/dev/shm', '/dev/shm')];
    case 'joined':
      if (typeof ipc === 'object') return [bind('/dev/shm', `/proc/${ipc.pid}/root/dev/shm`)];
      throw new EngineError('internal', '/dev/shm is to be shared, but no ipc namespace is joined');
    default:
      return [fileSystem('/dev/shm', 'tmpfs', 'shm', [...CLOSED, 'mode=1777', `size=${checkedSize(size)}`])];
  }
}

/** Zero is Docker's default, as it is in its API. */
function checkedSize(size: number | undefined): number {
  if (size === undefined || size === 0) return DEFAULT_SHM_SIZE;
  if (Number.isSafeInteger(size) && size > 0) return size;
  throw new EngineError('invalid', `the size of /dev/shm cannot be ${size} bytes`, {
    hint: 'write a positive size, as in --shm-size 128m',
  });
}

/** The engine's files over those of the image; read-only with the root, as in Docker. */
function fileMounts({ process: asked, files, etc }: ContainerOptions): MountSpec[] {
  const options = files.readOnly ? ['ro'] : [];
  return [
    bind('/etc/resolv.conf', etc.resolvConf, options),
    bind('/etc/hostname', etc.hostname, options),
    bind('/etc/hosts', etc.hosts, options),
    ...(asked.initPath === undefined ? [] : [bind(INIT_PLACE, asked.initPath, ['nosuid', 'nodev', 'ro'])]),
    ...(asked.timeZone === undefined ? [] : [bind('/etc/localtime', etc.localtime, ['ro'])]),
  ];
}
