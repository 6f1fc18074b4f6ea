import type { ContainerOptions } from '../../../src/runtime/options.ts';
import type { HostFacts, HostNode } from '../../../src/runtime/spec/host-facts.ts';

export const ID = 'a'.repeat(64);

/** A container that asks for nothing in particular. */
export function containerOptions(changes: Partial<ContainerOptions> = {}): ContainerOptions {
  return {
    identity: {
      id: ID,
      runDir: `/run/skiff/${ID}`,
      containerDir: `/store/containers/${ID}`,
      exitRecord: `/store/containers/${ID}/exit`,
      autoRemove: false,
    },
    process: processOptions(),
    rootfs: {
      lowers: ['/store/layers/top', '/store/layers/base'],
      upper: '/store/upper',
      work: '/store/work',
      mountPoint: '/store/rootfs',
      idMapped: false,
    },
    files: {},
    etc: {
      hostname: '/store/hostname',
      hosts: '/store/hosts',
      resolvConf: '/store/resolv.conf',
      localtime: '/store/localtime',
    },
    namespaces: namespaceOptions(),
    security: {},
    devices: {},
    resources: {},
    log: { driver: 'json-file', path: '/store/log', maxBytes: 10_000_000, maxFiles: 3, attributes: {} },
    stop: { signal: 15, timeoutMs: 10_000 },
    ...changes,
  };
}

export function processOptions(changes: Partial<ContainerOptions['process']> = {}) {
  return { argv: ['sh', '-c', 'true'], env: ['FOO=bar'], cwd: '/', user: '', ...changes };
}

export function namespaceOptions(changes: Partial<ContainerOptions['namespaces']> = {}) {
  return {
    hostname: 'box',
    network: 'new',
    pid: 'new',
    ipc: 'new',
    shm: 'own',
    uts: 'new',
    cgroup: 'new',
    user: 'host',
    ...changes,
  } as const;
}

/** A machine with everything but security modules; its limits are 4096 each. */
export function hostFacts(changes: Partial<HostFacts> = {}): HostFacts {
  return {
    thermalThrottlePaths: [],
    cpus: () => 4,
    openFiles: 4096,
    hardLimit: () => 4096,
    exceedsLimits: () => false,
    oomScoreAdj: 0,
    deviceControl: true,
    keepsLimits: true,
    apparmor: 'off',
    selinux: () => false,
    devices: hostDevicesOf({}),
    ...changes,
  };
}

/** A host with these nodes: paths of directories and devices; a link says `-> target`. */
export function hostDevicesOf(nodes: Record<string, HostNode | `-> ${string}`>): HostFacts['devices'] {
  const at = (path: string): HostNode | undefined => {
    const node = nodes[path];
    return typeof node === 'string' ? at(node.slice(3)) : node;
  };
  const list: HostFacts['devices']['list'] = (directory) =>
    Object.entries(nodes)
      .filter(([path]) => path.slice(0, path.lastIndexOf('/')) === directory)
      .map(([path, node]) => {
        const name = path.slice(path.lastIndexOf('/') + 1);
        if (typeof node === 'string') return { name, type: 'link' };
        return { name, type: node.kind === 'directory' ? 'directory' : 'other' };
      });
  return { at, list };
}

export function device(type: 'c' | 'b', major: number, minor: number, mode = 0o660): HostNode {
  return { kind: 'device', type, major, minor, mode, uid: 0, gid: 6 };
}

/** The maps of a user namespace whose ids begin at 100,000. */
export const ID_MAPS = {
  uids: [{ inside: 0, outside: 100_000, count: 65_536 }],
  gids: [{ inside: 0, outside: 100_000, count: 65_536 }],
};
