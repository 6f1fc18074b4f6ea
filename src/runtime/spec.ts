import { EngineError } from '../errors.ts';
import type { MountSpec, NamespaceType, RlimitSpec, RuntimeSpec, UserSpec } from '../oci/runtime-config.ts';
import {
  DEFAULT_CAPABILITIES,
  DEFAULT_DEVICES,
  DEFAULT_PATH,
  defaultMounts,
  MASKED_PATHS,
  PRIVATE_NETWORK_SYSCTLS,
  READONLY_PATHS,
} from './defaults.ts';
import type { HostFacts } from './host-facts.ts';
import type { ContainerOptions } from './options.ts';
import { linuxResources } from './resources.ts';

const NOBODY = 65534;
/** __NEW_UTS_LEN of the kernel. */
const HOSTNAME_MAX = 64;

/**
 * The runtime-spec `config.json` of a container: its options on top of Docker's defaults. Pure. Throws `invalid` for
 * an empty command, a relative working directory, a host name too long and limits that Docker refuses.
 */
export function createSpec(options: ContainerOptions, host: HostFacts): RuntimeSpec {
  const { identity, process, rootfs, isolation } = options;
  checkOptions(options);
  const capabilities = [...DEFAULT_CAPABILITIES];
  const privateNetwork = isolation.network === 'none';
  return {
    ociVersion: '1.2.0',
    process: {
      args: [...process.argv],
      env: environment(process.env, isolation.hostname),
      cwd: process.cwd,
      user: userSpec(process.user),
      capabilities: { bounding: capabilities, permitted: capabilities, effective: capabilities },
      rlimits: [openFiles(host.openFiles)],
      noNewPrivileges: false,
    },
    root: { path: rootfs.mountPoint, readonly: rootfs.readOnly },
    hostname: isolation.hostname,
    mounts: [...defaultMounts(), ...fileMounts(options)],
    linux: {
      namespaces: namespaces(privateNetwork).map((type) => ({ type })),
      resources: linuxResources(options.resources, host.cpus),
      cgroupsPath: `/${cgroupName(identity.id)}`,
      maskedPaths: [...MASKED_PATHS, ...host.thermalThrottlePaths],
      readonlyPaths: [...READONLY_PATHS],
      devices: [...DEFAULT_DEVICES],
      sysctl: privateNetwork ? { ...PRIVATE_NETWORK_SYSCTLS } : {},
    },
  };
}

/** As systemd and Docker have it today: low for those who use select(2), and each program may ask for more. */
const OPEN_FILES = { soft: 1024, hard: 524_288 };

function openFiles(possible: number): RlimitSpec {
  const hard = Math.min(OPEN_FILES.hard, possible);
  return { type: 'RLIMIT_NOFILE', soft: Math.min(OPEN_FILES.soft, hard), hard };
}

/** The name of a container's directory in each cgroup hierarchy. */
export function cgroupName(id: string): string {
  return `skiff-${id}`;
}

function checkOptions({ process: { argv, cwd }, isolation: { hostname } }: ContainerOptions): void {
  if (argv.length === 0) {
    throw new EngineError('invalid', 'no command specified', {
      hint: 'the image names none: give one after the image, or --entrypoint',
    });
  }
  if (!cwd.startsWith('/')) {
    throw new EngineError('invalid', `the working directory "${cwd}" is not an absolute path`, {
      subject: cwd,
    });
  }
  if (hostname.length === 0 || Buffer.byteLength(hostname) > HOSTNAME_MAX) {
    throw new EngineError(
      'invalid',
      `the host name "${hostname}" has not between 1 and ${HOSTNAME_MAX} bytes`,
      {
        subject: hostname,
      },
    );
  }
}

/** PATH and HOSTNAME, then what image and user say; a later value takes the place of an earlier one, as in Docker. */
function environment(given: readonly string[], hostname: string): string[] {
  const entries = new Map<string, string>([
    ['PATH', `PATH=${DEFAULT_PATH}`],
    ['HOSTNAME', `HOSTNAME=${hostname}`],
  ]);
  for (const entry of given) {
    const equals = entry.indexOf('=');
    if (equals > 0) entries.set(entry.slice(0, equals), entry);
  }
  return [...entries.values()];
}

function userSpec(user: string): UserSpec {
  const numbers = /^(\d+)(?::(\d+))?$/.exec(user || '0');
  if (numbers === null) return { uid: NOBODY, gid: NOBODY, username: user };
  const uid = Number(numbers[1]);
  // A number without a group takes the group that the container's /etc/passwd names: only the helper can know.
  return { uid, gid: Number(numbers[2] ?? 0), username: user || '0' };
}

/** Always new: what is not listed is the host's. A network namespace of its own is the only choice there is yet. */
function namespaces(privateNetwork: boolean): NamespaceType[] {
  const types: NamespaceType[] = ['mount', 'pid', 'uts', 'ipc', 'cgroup'];
  return privateNetwork ? [...types, 'network'] : types;
}

/** The engine's files over those of the image; read-only with the root, as in Docker. */
function fileMounts({ files, rootfs }: ContainerOptions): MountSpec[] {
  const options = rootfs.readOnly ? ['rprivate', 'ro'] : ['rprivate'];
  const mount = (destination: string, source: string): MountSpec => {
    return { destination, type: 'bind', source, options: ['bind', ...options] };
  };
  return [
    mount('/etc/resolv.conf', files.resolvConf),
    mount('/etc/hostname', files.hostname),
    mount('/etc/hosts', files.hosts),
  ];
}
