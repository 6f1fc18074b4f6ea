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
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
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
    ContainerdCommit: { ID: '', Expected: '' },
    RuncCommit: { ID: '', Expected: '' },
    InitCommit: { ID: '', Expected: '' },
    SecurityOptions: securityOptions(info),
    CDISpecDirs: [],
    Warnings: null,
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
  const hub = registryMirrors.find(({ of }) => of === 'docker.io');
  return {
    Driver: name,
    DriverStatus: reason === undefined ? [] : [['Reason', reason]],
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: {
      InsecureRegistryCIDRs: ['127.0.0.0/8', '::1/128'],
      IndexConfigs: Object.fromEntries(
        insecureRegistries.map((registry) => [
          registry,
          { Name: registry, Mirrors: [], Secure: false, Official: false },
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
      Network: ['bridge', 'host', 'null'],
      Authorization: null,
      Log: ['journald', 'json-file', 'local', 'none', 'syslog'],
    },
  };
}

/** What of Docker's switches holds here. */
function abilities({ cgroup }: EngineInfo): object {
  const has = (controller: string) => cgroup.controllers.includes(controller);
  return {
    MemoryLimit: has('memory'),
    SwapLimit: has('memory'),
    CpuCfsPeriod: has('cpu'),
    CpuCfsQuota: has('cpu'),
    CPUShares: has('cpu'),
    CPUSet: has('cpuset'),
    PidsLimit: has('pids'),
    IPv4Forwarding: true,
    OomKillDisable: has('memory') && cgroup.mode !== 'v2',
    BridgeNfIptables: false,
    BridgeNfIp6tables: false,
    Debug: false,
    NFd: 0,
    NGoroutines: 0,
    NEventsListener: 0,
    LoggingDriver: 'json-file',
    CgroupDriver: 'cgroupfs',
    CgroupVersion: cgroup.mode === 'v2' ? '2' : '1',
  };
}

function host(info: EngineInfo): object {
  return {
    SystemTime: new Date().toISOString(),
    KernelVersion: info.kernel,
    OperatingSystem: info.operatingSystem,
    OSVersion: '',
    OSType: 'linux',
    Architecture: info.architecture,
    NCPU: info.cpus,
    MemTotal: info.memory,
  };
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
