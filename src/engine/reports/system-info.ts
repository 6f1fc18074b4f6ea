import { HUB } from '../../registry/routes.ts';
import { LOG_DRIVERS } from '../../runtime/log/options.ts';
import { NETWORK_DRIVERS, WITHOUT_LINKS } from '../options/network.ts';
import type { EngineInfo } from './info.ts';

/** Docker's SystemInfo, with what an engine without a daemon has of it. */
export function systemInfoObject(info: EngineInfo): object {
  return {
    ID: info.root,
    ...counts(info),
    ...storage(info),
    ...plugins(),
    ...abilities(info),
    ...host(info),
    DockerRootDir: info.root,
    HttpProxy: info.proxies.HTTP_PROXY,
    HttpsProxy: info.proxies.HTTPS_PROXY,
    NoProxy: info.proxies.NO_PROXY,
    Name: info.hostname,
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: info.version,
    Runtimes: { skiff: { path: 'skiff' } },
    DefaultRuntime: 'skiff',
    Swarm: swarm(),
    LiveRestoreEnabled: true,
    Isolation: '',
    InitBinary: 'skiff',
    ContainerdCommit: { ID: '' },
    RuncCommit: { ID: '' },
    InitCommit: { ID: '' },
    SecurityOptions: securityOptions(info),
    FirewallBackend: { Driver: 'nftables' },
    CDISpecDirs: [],
    Warnings: warnings(info),
  };
}

function counts({ containers, images }: EngineInfo): object {
  return {
    Containers: containers.total,
    ContainersRunning: containers.running - containers.paused,
    ContainersPaused: containers.paused,
    ContainersStopped: containers.ended + containers.created,
    Images: images,
  };
}

function storage({
  storageDriver: { name, reason },
  registryMirrors,
  insecureRegistries,
}: EngineInfo): object {
  const hub = registryMirrors.find(({ of }) => of === HUB);
  return {
    Driver: name,
    DriverStatus: reason === undefined ? [] : [['Reason', reason]],
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: {
      InsecureRegistryCIDRs: ['127.0.0.0/8', '::1/128'],
      IndexConfigs: Object.fromEntries(
        [...new Set([HUB, ...insecureRegistries])].map((registry) => [
          registry,
          {
            Name: registry,
            Mirrors: registry === HUB ? (hub?.mirrors ?? []) : [],
            Secure: !insecureRegistries.includes(registry),
            Official: registry === HUB,
          },
        ]),
      ),
      Mirrors: hub?.mirrors ?? [],
    },
  };
}

function plugins(): object {
  return {
    Plugins: {
      Volume: ['local'],
      Network: [...NETWORK_DRIVERS, ...WITHOUT_LINKS.map(({ driver }) => driver)].sort(),
      Authorization: null,
      Log: LOG_DRIVERS.toSorted(),
    },
  };
}

/** What of Docker's switches holds here. */
function abilities({ cgroup, forwards4 }: EngineInfo) {
  const has = (controller: string) => cgroup.controllers.includes(controller);
  return {
    MemoryLimit: has('memory'),
    SwapLimit: has('memory'),
    CpuCfsPeriod: has('cpu'),
    CpuCfsQuota: has('cpu'),
    CPUShares: has('cpu'),
    CPUSet: has('cpuset'),
    PidsLimit: has('pids'),
    IPv4Forwarding: forwards4,
    OomKillDisable: has('memory') && cgroup.mode !== 'v2',
    Debug: false,
    NFd: 0,
    NGoroutines: 0,
    NEventsListener: 0,
    LoggingDriver: 'json-file',
    CgroupDriver: cgroup.mode === 'none' ? 'none' : 'cgroupfs',
    CgroupVersion: cgroup.mode === 'v2' ? '2' : '1',
  };
}

function host(info: EngineInfo): object {
  return {
    SystemTime: new Date().toISOString(),
    KernelVersion: info.kernel,
    OperatingSystem: info.operatingSystem,
    OSVersion: info.osVersion,
    OSType: 'linux',
    Architecture: info.architecture,
    NCPU: info.cpus,
    MemTotal: info.memory,
    GenericResources: null,
  };
}

/** Docker's texts for limits that no container can have here. */
const MISSING = {
  MemoryLimit: 'memory limit',
  SwapLimit: 'swap limit',
  CpuCfsQuota: 'cpu cfs quota',
  CpuCfsPeriod: 'cpu cfs period',
  CPUShares: 'cpu shares',
  CPUSet: 'cpuset',
} as const;

/** None of forwarding that is switched off: a container that needs it switches it on. */
function warnings(info: EngineInfo): string[] | null {
  const has = abilities(info);
  const names = (Object.keys(MISSING) as (keyof typeof MISSING)[]).filter((name) => !has[name]);
  return names.length === 0 ? null : names.map((name) => `WARNING: No ${MISSING[name]} support`);
}

function swarm(): object {
  return {
    NodeID: '',
    NodeAddr: '',
    LocalNodeState: 'inactive',
    ControlAvailable: false,
    Error: '',
    RemoteManagers: null,
  };
}

function securityOptions({ apparmor }: EngineInfo): string[] {
  return [
    ...(apparmor === undefined ? [] : ['name=apparmor']),
    'name=seccomp,profile=builtin',
    'name=cgroupns',
  ];
}
