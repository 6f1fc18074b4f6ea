import { DEFAULT_SHM_SIZE } from '../../runtime/spec/defaults.ts';
import { writablePlaces } from '../../runtime/spec/tmpfs-options.ts';
import type {
  CreateOptions,
  DeviceAmount,
  LogOptions,
  SecurityOptions,
  SharedWith,
} from '../options/create.ts';
import type { ContainerNetworking } from '../options/network.ts';
import type { ContainerRow } from '../store/containers.ts';
import { listOrNull, mapOf, omitEmpty } from './go-json.ts';
import { namespaceMode, networkHostConfig } from './host-config-network.ts';
import { bindTexts, longMounts, volumesFromTexts } from './mounts.ts';

/** The members of `HostConfig` that come from elsewhere: paths from the bundle, names of networks from their rows. */
export interface HostConfigSources {
  maskedPaths: readonly string[];
  readonlyPaths: readonly string[];
  networking: ContainerNetworking;
}

/** `HostConfig` of Docker's ContainerInspect: what the host does for the container. */
export function hostConfigOf(
  row: ContainerRow,
  { maskedPaths, readonlyPaths, networking }: HostConfigSources,
): object {
  const { options } = row;
  const { process: asked, namespaces, security, files, restart } = options;
  const network = networkHostConfig(row, networking);
  return omitEmpty(
    {
      Binds: listOrNull(bindTexts(options.mounts)),
      ContainerIDFile: options.cidFile ?? '',
      LogConfig: logConfig(options.log),
      NetworkMode: network.NetworkMode,
      PortBindings: network.PortBindings,
      RestartPolicy: { Name: restart?.name ?? 'no', MaximumRetryCount: restart?.maximum ?? 0 },
      AutoRemove: options.autoRemove,
      VolumeDriver: '',
      VolumesFrom: listOrNull(volumesFromTexts(options.volumesFrom)),
      ConsoleSize: [0, 0],
      Annotations: mapOf(options.annotations),
      CapAdd: listOrNull(security.capAdd?.map(capability)),
      CapDrop: listOrNull(security.capDrop?.map(capability)),
      CgroupnsMode: namespaceMode(namespaces.cgroup ?? 'private'),
      Dns: network.Dns,
      DnsOptions: network.DnsOptions,
      DnsSearch: network.DnsSearch,
      ExtraHosts: network.ExtraHosts,
      GroupAdd: listOrNull(asked.groups),
      IpcMode: namespaceMode(namespaces.ipc ?? 'private'),
      Cgroup: '',
      Links: network.Links,
      OomScoreAdj: asked.oomScoreAdj ?? 0,
      PidMode: privateIsEmpty(namespaces.pid),
      Privileged: security.privileged === true,
      PublishAllPorts: network.PublishAllPorts,
      ReadonlyRootfs: files.readOnly === true,
      SecurityOpt: listOrNull(securityOptions(security)),
      StorageOpt: mapOf(files.storageSize === undefined ? undefined : { size: String(files.storageSize) }),
      Tmpfs: tmpfsOf(options),
      UTSMode: privateIsEmpty(namespaces.uts),
      UsernsMode: usernsMode(namespaces.user),
      ShmSize: files.shmSize || DEFAULT_SHM_SIZE,
      Sysctls: mapOf(security.sysctls),
      Runtime: 'skiff',
      Isolation: '',
      ...resourcesOf(options),
      Mounts: longMounts(options.mounts),
      MaskedPaths: hiddenPaths(maskedPaths, security),
      ReadonlyPaths: hiddenPaths(readonlyPaths, security),
      Init: asked.init ?? null,
    },
    'Annotations',
    'StorageOpt',
    'Tmpfs',
    'Sysctls',
    'Mounts',
    ...(asked.init === undefined ? (['Init'] as const) : []),
  );
}

/** Null where nothing is hidden because nothing is held back, and a list where someone has said so. */
function hiddenPaths(paths: readonly string[], { privileged }: SecurityOptions): readonly string[] {
  return privileged ? listOrNull(paths) : paths;
}

/** Drivers whose files rotate even if nobody says so, and how. */
const ROTATING = new Set(['json-file', 'local']);
const ROTATION = { 'max-size': '10m', 'max-file': '3' };

function logConfig({ driver, options }: LogOptions = { driver: 'json-file', options: {} }): object {
  return { Type: driver, Config: mapOf(ROTATING.has(driver) ? { ...ROTATION, ...options } : options) };
}

function privateIsEmpty(mode: string | SharedWith | undefined): string {
  return mode === undefined || mode === 'private' ? '' : namespaceMode(mode);
}

/** Docker knows only its daemon's maps and `host`; an explicit map has no mode, it shows in `IDMappings`. */
function usernsMode(user: ContainerRow['options']['namespaces']['user']): string {
  if (user === undefined || typeof user === 'string') return user ?? '';
  return 'container' in user ? namespaceMode(user) : 'private';
}

/** Normalises a capability's name as Docker does: upper case, with its prefix. */
function capability(name: string): string {
  const upper = name.toUpperCase();
  return upper === 'ALL' || upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
}

/**
 * Returns the words of `--security-opt`; a profile's text stands in the place of its file, as Docker's client sends it.
 */
function securityOptions(security: SecurityOptions): string[] {
  const { seccomp, apparmor, label, noNewPrivileges, writableCgroups, privileged } = security;
  const profile = typeof seccomp === 'object' ? seccomp.profile : seccomp;
  const given = [
    ...(noNewPrivileges ? ['no-new-privileges'] : []),
    ...(profile === undefined ? [] : [`seccomp=${profile}`]),
    ...(apparmor === undefined ? [] : [`apparmor=${apparmor}`]),
    ...(label ?? []).map((word) => `label=${word}`),
    ...(writableCgroups ? ['writable-cgroups=true'] : []),
  ];
  return given.length === 0 && privileged ? ['label=disable'] : given;
}

/** Those of `--read-only-tmpfs` are among them, as in Podman. */
function tmpfsOf({
  files: { tmpfs = [], readOnlyTmpfs },
  mounts = [],
}: CreateOptions): Record<string, string> {
  const taken = [...tmpfs.map(({ path }) => path), ...mounts.map(({ target }) => target)];
  const all = readOnlyTmpfs === true ? [...tmpfs, ...writablePlaces(taken)] : tmpfs;
  return mapOf(Object.fromEntries(all.map(({ path, options }) => [path, options.join()])));
}

function resourcesOf({ resources, devices, process: asked }: CreateOptions): object {
  const { memory = 0, memorySwap } = resources;
  return {
    CpuShares: resources.cpuShares ?? 0,
    Memory: memory,
    NanoCpus: resources.nanoCpus ?? 0,
    CgroupParent: resources.cgroupParent ?? '',
    BlkioWeight: resources.blkioWeight ?? 0,
    BlkioWeightDevice: (resources.blkioWeightDevices ?? []).map(({ path, amount }) => ({
      Path: path,
      Weight: amount,
    })),
    BlkioDeviceReadBps: rates(resources.readBps),
    BlkioDeviceWriteBps: rates(resources.writeBps),
    BlkioDeviceReadIOps: rates(resources.readIops),
    BlkioDeviceWriteIOps: rates(resources.writeIops),
    CpuPeriod: resources.cpuPeriod ?? 0,
    CpuQuota: resources.cpuQuota ?? 0,
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: resources.cpusetCpus ?? '',
    CpusetMems: resources.cpusetMems ?? '',
    Devices: (devices.devices ?? []).map(({ host, container, access }) => ({
      PathOnHost: host,
      PathInContainer: container,
      CgroupPermissions: access,
    })),
    DeviceCgroupRules: listOrNull(devices.cgroupRules),
    DeviceRequests: listOrNull(),
    MemoryReservation: resources.memoryReservation ?? 0,
    MemorySwap: memorySwap || 2 * memory,
    MemorySwappiness: resources.memorySwappiness ?? null,
    OomKillDisable: resources.oomKillDisable ?? null,
    PidsLimit: (resources.pidsLimit ?? 0) > 0 ? resources.pidsLimit : null,
    Ulimits: (asked.rlimits ?? []).map(({ name, soft, hard }) => ({ Name: name, Hard: hard, Soft: soft })),
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
  };
}

function rates(amounts: readonly DeviceAmount[] | undefined): object[] {
  return (amounts ?? []).map(({ path, amount }) => ({ Path: path, Rate: amount }));
}
