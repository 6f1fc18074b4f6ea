import { describe, expect, it } from 'vitest';
import { createSpec } from '../../../../src/runtime/spec/spec.ts';
import {
  containerOptions,
  hostDevicesOf,
  hostFacts,
  ID_MAPS,
  namespaceOptions,
} from '../container-options.ts';

type Namespaces = Parameters<typeof namespaceOptions>[0];

const OTHER = { pid: 70, startTime: 8000 };

function spec(namespaces: Namespaces, changes: Parameters<typeof containerOptions>[0] = {}) {
  return createSpec(containerOptions({ namespaces: namespaceOptions(namespaces), ...changes }), hostFacts());
}

function listed(namespaces: Namespaces) {
  return spec(namespaces).linux.namespaces.map(({ type, path }) =>
    path === undefined ? type : `${type} ${path}`,
  );
}

function mountAt(destination: string, namespaces: Namespaces) {
  return spec(namespaces).mounts.find((mount) => mount.destination === destination);
}

describe('namespaces of a spec', () => {
  it.each(['pid', 'ipc', 'uts', 'network', 'cgroup'] as const)(
    'leave %s to the host, or join it by its file',
    (type) => {
      const shm = type === 'ipc' ? 'host' : 'own';
      expect(listed({ [type]: 'host', shm })).not.toContain(type);
      const file = type === 'network' ? 'net' : type;
      expect(listed({ [type]: OTHER })).toContain(`${type} /proc/70/ns/${file}`);
    },
  );

  it('have a user namespace with its maps, or another container’s without', () => {
    const { linux } = spec({ user: ID_MAPS });
    expect(linux.namespaces.at(-1)).toEqual({ type: 'user' });
    const range = { containerID: 0, hostID: 100_000, size: 65_536 };
    expect([linux.uidMappings, linux.gidMappings]).toEqual([[range], [range]]);
    expect(listed({ user: OTHER })).toContain('user /proc/70/ns/user');
    expect(spec({ user: OTHER }).linux.uidMappings).toBeUndefined();
  });

  it.each([
    [5, { secs: 5, nanosecs: 0 }],
    [-1.5, { secs: -2, nanosecs: 500_000_000 }],
    [0.25, { secs: 0, nanosecs: 250_000_000 }],
    [-0.000_000_000_1, { secs: 0, nanosecs: 0 }],
    [86_400.1, { secs: 86_400, nanosecs: 100_000_000 }],
  ])('move a clock by %d seconds', (monotonic, offset) => {
    const { linux } = spec({ timeOffsets: { monotonic } });
    expect(linux.namespaces).toContainEqual({ type: 'time' });
    expect(linux.timeOffsets).toEqual({ monotonic: offset });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e11])(
    'refuse to move a clock by %d seconds',
    (boottime) => {
      expect(() => spec({ timeOffsets: { boottime } })).toThrow(
        `the time offset ${boottime} is not a number`,
      );
    },
  );

  it('take names only when the uts namespace is the container’s own', () => {
    expect(spec({ domainname: 'example.org' })).toMatchObject({ hostname: 'box', domainname: 'example.org' });
    for (const uts of ['host', OTHER] as const) {
      const shared = spec({ uts, domainname: 'example.org' });
      expect([shared.hostname, shared.domainname]).toEqual([undefined, undefined]);
      expect(shared.process.env).toContain('HOSTNAME=box');
    }
    expect(() => spec({ domainname: 'x'.repeat(65) })).toThrow('between 1 and 64 bytes');
  });

  it('set the sysctls of the network only for one of its own, and for pings not in a user namespace', () => {
    expect(spec({ network: OTHER }).linux.sysctl).toEqual({});
    expect(spec({ user: ID_MAPS }).linux.sysctl).toEqual({ 'net.ipv4.ip_unprivileged_port_start': '0' });
  });
});

describe('mounts of shared namespaces', () => {
  it('show no shared memory, the host’s, or that of the other container', () => {
    expect(mountAt('/dev/shm', { shm: 'none' })).toBeUndefined();
    expect(mountAt('/dev/shm', { ipc: 'host', shm: 'host' })).toMatchObject({
      type: 'bind',
      source: '/dev/shm',
    });
    expect(mountAt('/dev/shm', { ipc: OTHER, shm: 'joined' })).toMatchObject({
      type: 'bind',
      source: '/proc/70/root/dev/shm',
    });
  });

  it('show the queues of the namespace, by a bind of the host’s where they cannot be mounted', () => {
    expect(mountAt('/dev/mqueue', { ipc: 'host', shm: 'host' })).toMatchObject({ type: 'mqueue' });
    const namespaces = namespaceOptions({ ipc: 'host', shm: 'host', user: ID_MAPS });
    const onHost = (devices: ReturnType<typeof hostDevicesOf>) =>
      createSpec(containerOptions({ namespaces }), hostFacts({ devices })).mounts.filter(
        ({ destination }) => destination === '/dev/mqueue',
      );
    expect(onHost(hostDevicesOf({ '/dev/mqueue': { kind: 'directory' } }))).toMatchObject([
      { type: 'bind', source: '/dev/mqueue' },
    ]);
    expect(onHost(hostDevicesOf({}))).toEqual([]);
  });

  it('bind the host’s /sys, read-only, for a user namespace on the host’s network', () => {
    expect(mountAt('/sys', { network: 'host', user: ID_MAPS })).toEqual({
      destination: '/sys',
      type: 'bind',
      source: '/sys',
      options: ['rbind', 'rprivate', 'nosuid', 'noexec', 'nodev', 'rro'],
    });
    expect(mountAt('/sys', { user: ID_MAPS })).toMatchObject({ type: 'sysfs' });
    expect(mountAt('/sys', { network: 'host' })).toMatchObject({ type: 'sysfs' });
  });

  it('give terminals their group only where the maps have it', () => {
    const few = { ...ID_MAPS, gids: [{ inside: 0, outside: 100_000, count: 5 }] };
    expect(mountAt('/dev/pts', { user: ID_MAPS })?.options).toContain('gid=5');
    for (const user of [few, OTHER]) {
      expect(mountAt('/dev/pts', { user })?.options.filter((word) => word.startsWith('gid'))).toEqual([]);
    }
  });
});

describe('combinations that cannot be', () => {
  it.each([
    [{ user: ID_MAPS, pid: 'host' }, 'cannot share the pid namespace of the host'],
    [{ user: OTHER, pid: 'host' }, 'cannot share the pid namespace of the host'],
    [
      { user: ID_MAPS, pid: OTHER },
      'sharing the pid namespace of a container asks for its user namespace, too',
    ],
    [{ user: ID_MAPS, ipc: OTHER }, 'sharing the ipc namespace of a container'],
    [{ user: ID_MAPS, network: OTHER }, 'sharing the network namespace of a container'],
  ] as const)('%o', (namespaces, message) => {
    expect(() => spec(namespaces)).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        message: expect.stringContaining(message),
        hint: expect.stringContaining('--userns'),
      }),
    );
  });

  it('share everything of a container with its user namespace', () => {
    expect(() => spec({ user: OTHER, pid: OTHER, ipc: OTHER, network: OTHER })).not.toThrow();
  });

  it.each([
    [{ privileged: true }, { user: ID_MAPS }, 'a privileged container cannot have a user namespace'],
    [{ writableCgroups: true }, { cgroup: 'host' }, 'writable cgroups need a cgroup namespace of their own'],
    [{ writableCgroups: true }, { user: ID_MAPS }, 'and no user namespace'],
    [
      { sysctls: { 'net.core.somaxconn': '1' } },
      { network: 'host' },
      "not allowed in the host's network namespace",
    ],
    [
      { sysctls: { 'kernel.msgmax': '1' } },
      { ipc: 'host', shm: 'host' },
      "not allowed in the host's ipc namespace",
    ],
  ] as const)('%o with %o', (security, namespaces, message) => {
    expect(() => spec(namespaces, { security })).toThrow(message);
  });

  it('writable cgroups where the container could lift its own limits, unless it may do anything', () => {
    const asked = (privileged: boolean) =>
      createSpec(
        containerOptions({ security: { writableCgroups: true, privileged } }),
        hostFacts({ keepsLimits: false }),
      );
    expect(() => asked(false)).toThrow(
      expect.objectContaining({
        kind: 'unsupported',
        message: 'writable cgroups would let the container lift its own limits on this host',
        hint: expect.stringContaining('nsdelegate'),
      }),
    );
    expect(() => asked(true)).not.toThrow();
  });

  it('the size of a /dev/shm that is not the container’s own', () => {
    const files = { shmSize: 1 << 20 };
    for (const shm of ['none', 'host'] as const) {
      expect(() => spec({ ipc: 'host', shm }, { files })).toThrow('the size of /dev/shm cannot be set');
    }
  });
});
