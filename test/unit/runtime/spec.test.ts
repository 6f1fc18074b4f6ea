import { describe, expect, it } from 'vitest';
import { createSpec } from '../../../src/runtime/spec.ts';
import { containerOptions, ID } from './container-options.ts';

const HOST = {
  thermalThrottlePaths: ['/sys/devices/system/cpu/cpu0/thermal_throttle'],
  cpus: () => 4,
  openFiles: 4096,
};

function spec(changes: Parameters<typeof containerOptions>[0] = {}) {
  return createSpec(containerOptions(changes), HOST);
}

function processWith(changes: object) {
  return spec({ process: { ...containerOptions().process, ...changes } }).process;
}

describe('createSpec', () => {
  it('puts PATH and HOSTNAME before the given environment', () => {
    expect(spec().process.env).toEqual([
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'HOSTNAME=box',
      'FOO=bar',
    ]);
  });

  it('lets the environment replace a default in its place, the last entry winning', () => {
    const { env } = processWith({ env: ['PATH=/image', 'A=1', 'PATH=/user', 'A=', 'no-value'] });
    expect(env).toEqual(['PATH=/user', 'HOSTNAME=box', 'A=']);
  });

  it('gives thirteen capabilities, none of which makes device nodes or survives a change of user', () => {
    const { bounding, permitted, effective, inheritable, ambient } = spec().process.capabilities;
    expect(bounding).toHaveLength(13);
    expect(bounding).not.toContain('CAP_MKNOD');
    expect([permitted, effective]).toEqual([bounding, bounding]);
    expect([inheritable, ambient]).toEqual([undefined, undefined]);
  });

  it.each([
    ['', { uid: 0, gid: 0, username: '0' }],
    ['1000', { uid: 1000, gid: 0, username: '1000' }],
    ['1000:50', { uid: 1000, gid: 50, username: '1000:50' }],
    ['app', { uid: 65534, gid: 65534, username: 'app' }],
    ['0:staff', { uid: 65534, gid: 65534, username: '0:staff' }],
  ])('writes user "%s" so that another runtime never takes a name for root', (user, expected) => {
    expect(processWith({ user }).user).toEqual(expected);
  });

  it("isolates everything, the network with Docker's sysctls", () => {
    const { linux } = spec();
    expect(linux.namespaces.map(({ type }) => type)).toEqual([
      'mount',
      'pid',
      'uts',
      'ipc',
      'cgroup',
      'network',
    ]);
    expect(linux.sysctl).toEqual({
      'net.ipv4.ip_unprivileged_port_start': '0',
      'net.ipv4.ping_group_range': '0 2147483647',
    });
  });

  it('leaves the network of the host alone', () => {
    const { linux } = spec({ isolation: { hostname: 'box', network: 'host' } });
    expect(linux.namespaces.map(({ type }) => type)).not.toContain('network');
    expect(linux.sysctl).toEqual({});
  });

  it('mounts the files of the engine last, read-only with a read-only root', () => {
    const rootfs = { ...containerOptions().rootfs, readOnly: true };
    const { mounts, root } = spec({ rootfs });
    expect(root).toEqual({ path: '/store/rootfs', readonly: true });
    expect(mounts.slice(-3)).toEqual([
      {
        destination: '/etc/resolv.conf',
        type: 'bind',
        source: '/store/resolv.conf',
        options: ['bind', 'rprivate', 'ro'],
      },
      {
        destination: '/etc/hostname',
        type: 'bind',
        source: '/store/hostname',
        options: ['bind', 'rprivate', 'ro'],
      },
      {
        destination: '/etc/hosts',
        type: 'bind',
        source: '/store/hosts',
        options: ['bind', 'rprivate', 'ro'],
      },
    ]);
  });

  it("masks what Docker masks, the counters of this host's CPUs included", () => {
    const { maskedPaths } = spec().linux;
    expect(maskedPaths).toEqual(expect.arrayContaining(['/proc/kcore', '/sys/firmware', '/proc/interrupts']));
    expect(maskedPaths.at(-1)).toBe('/sys/devices/system/cpu/cpu0/thermal_throttle');
  });

  it('limits memory with as much swap, and CPUs by a quota per 100 ms', () => {
    const { linux } = spec({ resources: { memory: 64 << 20, nanoCpus: 5e8, pidsLimit: 100 } });
    expect(linux.resources).toEqual({
      memory: { limit: 64 << 20, swap: 128 << 20 },
      cpu: { quota: 50_000, period: 100_000 },
      pids: { limit: 100 },
    });
    expect(linux.cgroupsPath).toBe(`/skiff-${ID}`);
  });

  it('limits open files as Docker does, as far as this process could', () => {
    expect(spec().process.rlimits).toEqual([{ type: 'RLIMIT_NOFILE', soft: 1024, hard: 4096 }]);
  });

  it('reads zero and a negative number of processes as no limit', () => {
    expect(spec({ resources: { memory: 0, nanoCpus: 0, pidsLimit: -1 } }).linux.resources).toEqual({});
    expect(spec({ resources: { pidsLimit: 0 } }).linux.resources).toEqual({});
  });

  it.each([
    [{ memory: 1024 }, 'a memory limit of 1024 bytes is below the minimum of 6MB'],
    [{ nanoCpus: 4.5e9 }, 'range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available'],
    [{ nanoCpus: 1e6 }, 'range of CPUs is from 0.01 to 4.00'],
  ])('refuses %o as Docker does', (resources, message) => {
    expect(() => spec({ resources })).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining(message) }),
    );
  });

  it('refuses an empty command, a relative directory and a host name that the kernel would not take', () => {
    expect(() => processWith({ argv: [] })).toThrow('no command specified');
    expect(() => processWith({ cwd: 'srv' })).toThrow('the working directory "srv" is not an absolute path');
    const isolation = { hostname: 'x'.repeat(65), network: 'none' } as const;
    expect(() => spec({ isolation })).toThrow('between 1 and 64 bytes');
  });
});
