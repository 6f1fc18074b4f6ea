import { describe, expect, it } from 'vitest';
import { createOptionsOf } from '../../../../src/api/bodies/container.ts';
import { UNREAD_CONFIG, UNREAD_HOST_CONFIG } from '../../../../src/api/bodies/unread.ts';
import { JsonObject } from '../../../../src/api/http/json.ts';
import { MASKED_PATHS, READONLY_PATHS } from '../../../../src/runtime/spec/defaults.ts';

const read = (config: object, version = 51) =>
  createOptionsOf(new JsonObject({ Image: 'i', ...config }), {
    name: undefined,
    platform: undefined,
    version,
  });
const ofHost = (host: object) => read({ HostConfig: host });

/** The members of ContainerConfig in Docker's API 1.24 to 1.51, each with what it cannot be. */
const CONFIG = {
  Hostname: 1,
  Domainname: 1,
  User: 1,
  AttachStdin: 'yes',
  AttachStdout: 'yes',
  AttachStderr: 'yes',
  ExposedPorts: ['80'],
  Tty: 1,
  OpenStdin: 1,
  StdinOnce: 1,
  Env: 'A=1',
  Cmd: 1,
  Healthcheck: [],
  ArgsEscaped: 1,
  Image: 1,
  Volumes: ['/v'],
  WorkingDir: 1,
  Entrypoint: 1,
  NetworkDisabled: 1,
  MacAddress: 1,
  OnBuild: 1,
  Labels: { a: 1 },
  StopSignal: 9,
  StopTimeout: '1',
  Shell: 1,
  HostConfig: [],
  NetworkingConfig: [],
};

const HOST_CONFIG = {
  CpuShares: '1',
  Memory: '1m',
  CgroupParent: 1,
  BlkioWeight: '1',
  BlkioWeightDevice: {},
  BlkioDeviceReadBps: {},
  BlkioDeviceWriteBps: {},
  BlkioDeviceReadIOps: {},
  BlkioDeviceWriteIOps: {},
  CpuPeriod: 1.5,
  CpuQuota: '1',
  CpuRealtimePeriod: 1,
  CpuRealtimeRuntime: 1,
  CpusetCpus: 1,
  CpusetMems: 1,
  Devices: {},
  DeviceCgroupRules: [1],
  DeviceRequests: [{ Driver: 'nvidia' }],
  KernelMemory: 1,
  KernelMemoryTCP: 1,
  MemoryReservation: '1',
  MemorySwap: '1',
  MemorySwappiness: '1',
  NanoCpus: 1.5,
  OomKillDisable: 1,
  Init: 1,
  PidsLimit: '1',
  Ulimits: {},
  DiskQuota: 1,
  CpuCount: 1,
  CpuPercent: 1,
  IOMaximumIOps: 1,
  IOMaximumBandwidth: 1,
  Binds: 'a:/b',
  ContainerIDFile: 1,
  LogConfig: [],
  NetworkMode: 1,
  PortBindings: [],
  RestartPolicy: 'always',
  AutoRemove: 1,
  VolumeDriver: 'nfs',
  VolumesFrom: 'a',
  Mounts: {},
  ConsoleSize: 1,
  Annotations: { a: 1 },
  CapAdd: 'ALL',
  CapDrop: 'ALL',
  Capabilities: ['CAP_CHOWN'],
  CgroupnsMode: 'other',
  Dns: '1.1.1.1',
  DnsOptions: 'a',
  DnsSearch: 'a',
  ExtraHosts: 'a:1.1.1.1',
  GroupAdd: 'a',
  IpcMode: 'other',
  Cgroup: 'container:a',
  Links: 'a:b',
  OomScoreAdj: '1',
  PidMode: 'other',
  Privileged: 1,
  PublishAllPorts: 1,
  ReadonlyRootfs: 1,
  SecurityOpt: 'a',
  StorageOpt: { other: '1' },
  Tmpfs: ['/a'],
  UTSMode: 'other',
  UsernsMode: 'other',
  ShmSize: '1m',
  Sysctls: { a: 1 },
  Runtime: 'kata',
  Isolation: 'hyperv',
  MaskedPaths: ['/proc/own'],
  ReadonlyPaths: ['/proc/own'],
};

const harmless = (members: typeof UNREAD_CONFIG) =>
  Object.entries(members).flatMap(([name, member]) => ('harmless' in member ? [name] : []));

describe('a body that creates a container', () => {
  const known = harmless(UNREAD_CONFIG);
  it.each(Object.entries(CONFIG))(
    'has no member %s that is %j, unless it is known as harmless',
    (name, value) => {
      if (known.includes(name)) expect(() => read({ [name]: value })).not.toThrow();
      else expect(() => read({ [name]: value })).toThrow(new RegExp(name));
    },
  );

  const knownOfHost = harmless(UNREAD_HOST_CONFIG);
  it.each(Object.entries(HOST_CONFIG))(
    'has no member HostConfig.%s that is %j, unless it is known as harmless',
    (name, value) => {
      if (knownOfHost.includes(name)) expect(() => ofHost({ [name]: value })).not.toThrow();
      else
        expect(() => ofHost({ [name]: value })).toThrow(name === 'StorageOpt' ? 'other' : new RegExp(name));
    },
  );

  it('says nothing by what is null, zero or empty', () => {
    const nothing = Object.keys(HOST_CONFIG).map((name) => [name, null]);
    const zeros = {
      ...{ CpuRealtimePeriod: 0, KernelMemory: 0, IOMaximumIOps: 0, CpuPercent: 0, Memory: 0 },
      ...{ Runtime: '', Isolation: '', Cgroup: '', VolumeDriver: '', Capabilities: [], ConsoleSize: [0, 0] },
    };
    expect(ofHost({ ...Object.fromEntries(nothing), ...zeros })).toEqual(read({}));
  });

  it('may name what is so anyway, as inspect tells it', () => {
    const asTold = {
      Runtime: 'runc',
      Isolation: 'default',
      VolumeDriver: 'local',
      MaskedPaths: [...MASKED_PATHS, '/sys/devices/system/cpu/cpu0/thermal_throttle'],
      ReadonlyPaths: READONLY_PATHS,
    };
    expect(ofHost(asTold)).toEqual(read({}));
  });

  it('hides nothing of the kernel when both lists are empty, and refuses one alone', () => {
    expect(ofHost({ MaskedPaths: [], ReadonlyPaths: [] }).security.unmaskedPaths).toBe(true);
    expect(() => ofHost({ MaskedPaths: [] })).toThrow('MaskedPaths');
  });

  it('is read whatever the case of its members, and names no image only by mistake', () => {
    expect(read({ cmd: 'ls', hostconfig: { MEMORY: 5 } })).toMatchObject({
      process: { command: ['ls'] },
      resources: { memory: 5 },
    });
    expect(() => read({ Image: '' })).toThrow('Image: no image is named');
  });

  it('is what the command line would ask for', () => {
    const options = read({
      Hostname: 'h',
      User: '5:6',
      Env: ['A=1', 'B'],
      Entrypoint: [''],
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
      StopTimeout: 3,
      Labels: { a: 'b' },
      Healthcheck: { Test: ['NONE'], Interval: 2_000_000_000 },
      Volumes: { '/v': {} },
      HostConfig: {
        Binds: ['/a:/b:ro', 'vol:/c'],
        Tmpfs: { '/t': 'size=1m,mode=700', '/u': '' },
        Ulimits: [
          { Name: 'nofile', Soft: 1, Hard: 2 },
          { Name: 'core', Soft: 0 },
        ],
        Devices: [{ PathOnHost: '/dev/null' }],
        RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 },
        BlkioDeviceReadBps: [{ Path: '/dev/sda', Rate: 7 }],
        ContainerIDFile: '/id',
        SecurityOpt: ['no-new-privileges', 'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'],
        LogConfig: { Type: '', Config: { 'max-size': '1m' } },
        MemorySwappiness: -1,
        PidsLimit: -1,
      },
    });
    expect(options).toMatchObject({
      process: {
        entrypoint: [],
        env: ['A=1', 'B'],
        user: '5:6',
        stdin: true,
        stdinOnce: true,
        attach: ['stdin'],
        rlimits: [
          { name: 'nofile', soft: 1, hard: 2 },
          { name: 'core', soft: 0, hard: 0 },
        ],
      },
      namespaces: { hostname: 'h' },
      stop: { timeoutMs: 3000 },
      labels: { a: 'b' },
      cidFile: '/id',
      health: { test: ['NONE'], intervalMs: 2000 },
      files: {
        tmpfs: [
          { path: '/t', options: ['size=1m', 'mode=700'] },
          { path: '/u', options: [] },
        ],
      },
      devices: { devices: [{ host: '/dev/null', container: '/dev/null', access: 'rwm' }] },
      restart: { name: 'on-failure', maximum: 2 },
      log: { driver: 'json-file', options: { 'max-size': '1m' } },
      resources: { readBps: [{ path: '/dev/sda', amount: 7 }], pidsLimit: -1, memorySwappiness: undefined },
      security: { noNewPrivileges: true, seccomp: { source: 'the profile of the request' } },
    });
    expect(options.mounts?.map(({ type, target }) => [type, target])).toEqual([
      ['bind', '/b'],
      ['volume', '/c'],
      ['volume', '/v'],
    ]);
  });

  it('has no entrypoint where it says an empty one, and keeps the command of the image then, as with Docker', () => {
    expect(read({ Entrypoint: [] }).process).toMatchObject({ entrypoint: [], keepsCommand: true });
    const { process: said } = read({ Entrypoint: ['f'] });
    expect([said.entrypoint, said.keepsCommand]).toEqual([['f'], undefined]);
    expect(read({}).process.entrypoint).toBeUndefined();
    expect(() => read({ Env: ['=x'] })).toThrow('has no name');
  });

  it('has the restart policy of every container where it says `no`, and keeps a number that this cannot have', () => {
    expect(ofHost({ RestartPolicy: { Name: 'no', MaximumRetryCount: 0 } }).restart).toBeUndefined();
    expect(ofHost({ RestartPolicy: { Name: 'no', MaximumRetryCount: 2 } }).restart).toEqual({
      name: 'no',
      maximum: 2,
    });
  });

  it('has the links of its host, and on its networks those of them', () => {
    const NetworkingConfig = { EndpointsConfig: { n: { Links: ['b:c'] } } };
    const { network } = read({ NetworkingConfig, HostConfig: { NetworkMode: 'n', Links: ['a'] } });
    expect(network).toEqual({
      attachments: [{ network: 'n', links: [{ container: 'b', alias: 'c' }] }],
      links: [{ container: 'a', alias: 'a' }],
    });
  });

  it.each([
    [{ RestartPolicy: { Name: 'sometimes' } }, 'sometimes'],
    [{ Binds: ['./a:/b'] }, 'absolute'],
    [{ Mounts: [{ Type: 'npipe', Target: '/a' }] }, 'Type'],
    [{ Mounts: [{ Type: 'bind', Source: 'a', Target: '/a' }] }, 'Source'],
    [{ Mounts: [{ Type: 'tmpfs', Source: 'a', Target: '/a' }] }, 'Source'],
    [{ Mounts: [{ Type: 'volume' }] }, 'Target'],
    [{ Devices: [{}] }, 'PathOnHost'],
  ])('refuses %j, naming what is wrong', (host, what) => {
    expect(() => ofHost(host)).toThrow(what);
  });
});
