import { DEFAULT_SHM_SIZE } from '../runtime/defaults.ts';
import type { ContainerRow } from './container-store.ts';
import type { DeviceAmount, ResourceOptions, SecurityOptions, SharedWith } from './create-options.ts';

/** What `HostConfig` takes from the bundle rather than from the user's wishes. */
export interface MaskedPaths {
  maskedPaths: readonly string[];
  readonlyPaths: readonly string[];
}

/** `HostConfig` of Docker's ContainerInspect: what the host does for the container. */
export function hostConfigOf({ options }: ContainerRow, { maskedPaths, readonlyPaths }: MaskedPaths): object {
  const { process, namespaces, security, devices, files } = options;
  return {
    NetworkMode: namespaceMode(namespaces.network),
    AutoRemove: options.autoRemove,
    LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
    RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    CapAdd: listOrNull(security.capAdd?.map(capability)),
    CapDrop: listOrNull(security.capDrop?.map(capability)),
    CgroupnsMode: namespaceMode(namespaces.cgroup ?? 'private'),
    IpcMode: namespaceMode(namespaces.ipc ?? 'private'),
    PidMode: privateIsEmpty(namespaces.pid),
    UTSMode: privateIsEmpty(namespaces.uts),
    UsernsMode: usernsMode(namespaces.user),
    Privileged: security.privileged === true,
    ReadonlyRootfs: files.readOnly,
    SecurityOpt: listOrNull(securityOptions(security)),
    GroupAdd: listOrNull(process.groups),
    OomScoreAdj: process.oomScoreAdj ?? 0,
    ShmSize: files.shmSize ?? DEFAULT_SHM_SIZE,
    ...(files.tmpfs?.length ? { Tmpfs: tmpfsOf(files.tmpfs) } : {}),
    ...(security.sysctls && Object.keys(security.sysctls).length > 0 ? { Sysctls: security.sysctls } : {}),
    ...(process.init === undefined ? {} : { Init: process.init }),
    Runtime: 'skiff',
    ...resourcesOf(options.resources),
    Devices: (devices.devices ?? []).map(({ host, container, access }) => ({
      PathOnHost: host,
      PathInContainer: container,
      CgroupPermissions: access,
    })),
    DeviceCgroupRules: listOrNull(devices.cgroupRules),
    DeviceRequests: null,
    Ulimits: (process.rlimits ?? []).map(({ name, soft, hard }) => ({ Name: name, Hard: hard, Soft: soft })),
    MaskedPaths: maskedPaths,
    ReadonlyPaths: readonlyPaths,
  };
}

export function namespaceMode(mode: string | SharedWith): string {
  return typeof mode === 'string' ? mode : `container:${mode.container}`;
}

function privateIsEmpty(mode: string | SharedWith | undefined): string {
  return mode === undefined || mode === 'private' ? '' : namespaceMode(mode);
}

/** Docker knows only its daemon's maps and `host`; an explicit map has no mode, it shows in `IDMappings`. */
function usernsMode(user: ContainerRow['options']['namespaces']['user']): string {
  if (user === undefined || typeof user === 'string') return user ?? '';
  return 'container' in user ? namespaceMode(user) : 'private';
}

/** As Docker normalises them: upper case, with their prefix. */
function capability(name: string): string {
  const upper = name.toUpperCase();
  return upper === 'ALL' || upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
}

/** As on the command line; a profile's text stands in the place of its file, as Docker's client sends it. */
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

function tmpfsOf(mounts: readonly { path: string; options: string[] }[]): Record<string, string> {
  return Object.fromEntries(mounts.map(({ path, options }) => [path, options.join()]));
}

function resourcesOf(resources: ResourceOptions): object {
  const { memory = 0, memorySwap } = resources;
  return {
    CgroupParent: resources.cgroupParent ?? '',
    Memory: memory,
    MemoryReservation: resources.memoryReservation ?? 0,
    MemorySwap: memorySwap || 2 * memory,
    MemorySwappiness: resources.memorySwappiness ?? null,
    OomKillDisable: resources.oomKillDisable ?? null,
    NanoCpus: resources.nanoCpus ?? 0,
    CpuShares: resources.cpuShares ?? 0,
    CpuPeriod: resources.cpuPeriod ?? 0,
    CpuQuota: resources.cpuQuota ?? 0,
    CpusetCpus: resources.cpusetCpus ?? '',
    CpusetMems: resources.cpusetMems ?? '',
    PidsLimit: resources.pidsLimit ?? null,
    BlkioWeight: resources.blkioWeight ?? 0,
    BlkioWeightDevice: (resources.blkioWeightDevices ?? []).map(({ path, amount }) => ({
      Path: path,
      Weight: amount,
    })),
    BlkioDeviceReadBps: rates(resources.readBps),
    BlkioDeviceWriteBps: rates(resources.writeBps),
    BlkioDeviceReadIOps: rates(resources.readIops),
    BlkioDeviceWriteIOps: rates(resources.writeIops),
  };
}

function rates(amounts: readonly DeviceAmount[] | undefined): object[] {
  return (amounts ?? []).map(({ path, amount }) => ({ Path: path, Rate: amount }));
}

/** What Go writes for a list that nobody gave. */
function listOrNull<T>(list: readonly T[] | undefined): readonly T[] | null {
  return list === undefined || list.length === 0 ? null : list;
}
