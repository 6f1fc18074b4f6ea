import { describe, expect, it } from 'vitest';
import type { ContainerOptions } from '../../../../src/runtime/options.ts';
import { createSpec, isFilteredByDefault } from '../../../../src/runtime/spec/spec.ts';
import { containerOptions, hostFacts, ID, namespaceOptions } from '../container-options.ts';

const HOST = hostFacts({ thermalThrottlePaths: ['/sys/devices/system/cpu/cpu0/thermal_throttle'] });

function spec(changes: Parameters<typeof containerOptions>[0] = {}) {
  return createSpec(containerOptions(changes), HOST);
}

function processWith(changes: object) {
  return spec({ process: { ...containerOptions().process, ...changes } }).process;
}

function specWith(security: ContainerOptions['security'], changes = {}) {
  return spec({ security, ...changes });
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

  it("gives Docker's fourteen capabilities, none of which survives a change of user", () => {
    const { bounding, permitted, effective, inheritable, ambient } = spec().process.capabilities;
    expect(bounding).toHaveLength(14);
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
    const { linux } = spec({ namespaces: namespaceOptions({ network: 'host' }) });
    expect(linux.namespaces.map(({ type }) => type)).not.toContain('network');
    expect(linux.sysctl).toEqual({});
  });

  it('mounts the files of the engine last, read-only with a read-only root', () => {
    const files = { readOnly: true };
    const { mounts, root } = spec({ files });
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
    expect(linux.resources).toMatchObject({
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
    const { devices } = spec().linux.resources;
    const zero = { memory: 0, nanoCpus: 0, pidsLimit: -1 };
    expect(spec({ resources: zero }).linux.resources).toEqual({ devices });
    expect(spec({ resources: { pidsLimit: 0 } }).linux.resources).toEqual({ devices });
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
    const namespaces = namespaceOptions({ hostname: 'x'.repeat(65) });
    expect(() => spec({ namespaces })).toThrow('between 1 and 64 bytes');
  });

  it('takes a variable away that has a name only, as Docker does', () => {
    expect(processWith({ env: ['A=1', 'HOSTNAME', 'B'] }).env).toEqual([
      expect.stringMatching(/^PATH=/),
      'A=1',
    ]);
  });

  it('leaves a user who is not root the bounding set alone, and a name both: it may be root’s', () => {
    const sets = (user: string) => {
      const { bounding, permitted, effective } = processWith({ user }).capabilities;
      return [bounding, permitted, effective].map(({ length }) => length);
    };
    expect(sets('1000')).toEqual([14, 0, 0]);
    expect(sets('1000:staff')).toEqual([14, 0, 0]);
    for (const user of ['', '0', '0:staff', 'app', 'root:0']) expect(sets(user)).toEqual([14, 14, 14]);
  });

  it('says mask, numbers of groups and limits with the user', () => {
    const { user, rlimits } = processWith({
      umask: 0o077,
      groups: ['5', 'staff', '7'],
      rlimits: [{ name: 'nproc', soft: 1, hard: 2 }],
    });
    expect(user).toEqual({ uid: 0, gid: 0, umask: 0o077, additionalGids: [5, 7], username: '0' });
    expect(rlimits[1]).toEqual({ type: 'RLIMIT_NPROC', soft: 1, hard: 2 });
  });

  it('sets the OOM score that is asked for, and else gives up a protection only', () => {
    const own = (oomScoreAdj: number) =>
      createSpec(containerOptions(), hostFacts({ oomScoreAdj })).process.oomScoreAdj;
    expect(processWith({ oomScoreAdj: 500 }).oomScoreAdj).toBe(500);
    expect([own(0), own(500), own(-999)]).toEqual([undefined, undefined, 0]);
  });

  it('protects a container from being killed only where this process may', () => {
    const process = { ...containerOptions().process, oomScoreAdj: -500 };
    const may = hostFacts({ exceedsLimits: () => true });
    expect(createSpec(containerOptions({ process }), may).process.oomScoreAdj).toBe(-500);
    expect(
      createSpec(containerOptions({ process }), hostFacts({ oomScoreAdj: -500 })).process.oomScoreAdj,
    ).toBe(-500);
    expect(() => createSpec(containerOptions({ process }), hostFacts())).toThrow(
      expect.objectContaining({ kind: 'denied', message: "the OOM score -500 is below skiff's own, 0" }),
    );
  });

  it.each([
    [{ oomScoreAdj: 1001 }, 'the OOM score 1001 is not between -1000 and 1000'],
    [{ oomScoreAdj: -1001 }, 'the OOM score -1001'],
    [{ oomScoreAdj: 0.5 }, 'the OOM score 0.5'],
    [{ umask: 0o1000 }, 'the umask 1000 is not between 0000 and 0777'],
    [{ umask: -1 }, 'the umask -1'],
  ])('refuses %o', (changes, message) => {
    expect(() => processWith(changes)).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining(message) }),
    );
  });

  it('hides nothing when told so', () => {
    const { linux, mounts } = specWith({ unmaskedPaths: true });
    expect([linux.maskedPaths, linux.readonlyPaths]).toEqual([[], []]);
    expect(mounts.find(({ destination }) => destination === '/sys')?.options).toContain('ro');
  });

  it('opens everything to a privileged container, whose system calls nobody filters unasked', () => {
    const { linux, mounts, process } = specWith({ privileged: true });
    expect([linux.maskedPaths, linux.readonlyPaths]).toEqual([[], []]);
    expect(process.capabilities.bounding).toHaveLength(41);
    for (const path of ['/sys', '/sys/fs/cgroup']) {
      expect(mounts.find(({ destination }) => destination === path)?.options).not.toContain('ro');
    }
    expect(isFilteredByDefault({ security: { privileged: true } })).toBe(false);
    expect(isFilteredByDefault({ security: {} })).toBe(true);
  });

  it('opens the cgroups alone when told so', () => {
    const { mounts } = specWith({ writableCgroups: true });
    const readOnly = mounts.filter(({ options }) => options.includes('ro'));
    expect(readOnly.map(({ destination }) => destination)).toEqual(['/sys']);
  });

  it('adds sysctls to its own, which they may replace', () => {
    const { linux } = specWith({
      sysctls: { 'net/ipv4/ip_unprivileged_port_start': '1024', 'kernel.msgmax': '9' },
    });
    expect(linux.sysctl).toEqual({
      'net.ipv4.ip_unprivileged_port_start': '1024',
      'net.ipv4.ping_group_range': '0 2147483647',
      'kernel.msgmax': '9',
    });
  });

  it('keeps no new privileges, and labels where the host has them', () => {
    expect(specWith({ noNewPrivileges: true }).process.noNewPrivileges).toBe(true);
    const host = hostFacts({ apparmor: 'docker-default', selinux: () => true });
    const security = { label: ['type:spc_t'] };
    expect(createSpec(containerOptions({ security }), host).process).toMatchObject({
      apparmorProfile: 'docker-default',
      selinuxLabel: 'system_u:system_r:spc_t:s0',
    });
  });
});
