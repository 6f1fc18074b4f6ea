import { expect, it } from 'vitest';
import type { EngineInfo } from '../../../../src/engine/reports/info.ts';
import { systemInfoObject } from '../../../../src/engine/reports/system-info.ts';

const INFO: EngineInfo = {
  version: '1',
  root: '/store',
  runtimeRoot: '/run',
  containers: { total: 5, running: 2, paused: 1, ended: 2, created: 1 },
  images: 3,
  storageDriver: { name: 'overlay', reason: undefined },
  cgroup: { mode: 'v2', controllers: ['memory', 'cpu', 'cpuset', 'pids', 'io'] },
  apparmor: undefined,
  networks: [],
  insecureRegistries: ['registry.local:5000'],
  registryMirrors: [{ of: 'docker.io', mirrors: ['https://mirror.local/'] }],
  registryProblem: undefined,
  proxies: { HTTP_PROXY: 'http://p:1', HTTPS_PROXY: '', NO_PROXY: 'local' },
  forwards4: false,
  kernel: '6',
  operatingSystem: 'Debian',
  osVersion: '12',
  architecture: 'x86_64',
  cpus: 2,
  memory: 1,
  hostname: 'host',
  storage: { free: 1, total: 2 },
};

it('tells Docker’s SystemInfo of this host', () => {
  expect(systemInfoObject(INFO)).toMatchObject({
    Containers: 5,
    ContainersRunning: 1,
    ContainersPaused: 1,
    ContainersStopped: 3,
    IPv4Forwarding: false,
    HttpProxy: 'http://p:1',
    HttpsProxy: '',
    NoProxy: 'local',
    OSVersion: '12',
    CgroupVersion: '2',
    CgroupDriver: 'cgroupfs',
    OomKillDisable: false,
    GenericResources: null,
    Plugins: {
      Network: ['bridge', 'host', 'macvlan', 'null'],
      Log: ['journald', 'json-file', 'local', 'none', 'syslog'],
    },
    Warnings: null,
  });
  expect(systemInfoObject({ ...INFO, forwards4: true })).toMatchObject({ IPv4Forwarding: true });
});

it('tells of each registry that is known whether it is asked over TLS, and Docker’s own among them', () => {
  const mirrors = ['https://mirror.local/'];
  const hub = { Name: 'docker.io', Mirrors: mirrors, Secure: true, Official: true };
  const own = { Name: 'registry.local:5000', Mirrors: [], Secure: false, Official: false };
  expect(systemInfoObject(INFO)).toMatchObject({
    RegistryConfig: { IndexConfigs: { 'docker.io': hub, 'registry.local:5000': own }, Mirrors: mirrors },
  });
  const insecure = systemInfoObject({ ...INFO, insecureRegistries: ['docker.io'], registryMirrors: [] });
  expect(insecure).toMatchObject({
    RegistryConfig: { IndexConfigs: { 'docker.io': { ...hub, Mirrors: [], Secure: false } }, Mirrors: [] },
  });
});

it('warns of limits that no container can have', () => {
  const without = { ...INFO, cgroup: { mode: 'v1', controllers: ['cpu', 'cpuset'] } };
  expect(systemInfoObject(without)).toMatchObject({
    MemoryLimit: false,
    CgroupVersion: '1',
    Warnings: ['WARNING: No memory limit support', 'WARNING: No swap limit support'],
  });
  const none = systemInfoObject({ ...INFO, cgroup: { mode: 'none', controllers: [] } });
  expect(none).toMatchObject({ CgroupDriver: 'none' });
});
