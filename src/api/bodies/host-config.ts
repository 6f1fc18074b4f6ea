import type {
  ChangeableResources,
  DeviceAmount,
  DeviceOptions,
  FileOptions,
  NamespaceOptions,
  ResourceOptions,
  SecurityOptions,
} from '../../engine/options/create.ts';
import { namespaceMode } from '../../grammar/namespaces.ts';
import { collectSecurityOpt } from '../../grammar/security.ts';
import { parseStorageOption } from '../../grammar/storage-option.ts';
import type { JsonObject } from '../http/json.ts';
import { hidesNothing } from './unread.ts';

type WithoutNetwork = Omit<NamespaceOptions, 'network'>;

/** Reads the modes of HostConfig, and the names of ContainerConfig. */
export function namespaceOptions(config: JsonObject, host: JsonObject): WithoutNetwork {
  const user = mode(host, 'UsernsMode', 'host', 'private', 'auto');
  return {
    hostname: config.text('Hostname'),
    domainname: config.text('Domainname'),
    pid: mode(host, 'PidMode', 'private', 'host'),
    ipc: mode(host, 'IpcMode', 'private', 'shareable', 'none', 'host'),
    uts: mode(host, 'UTSMode', 'private', 'host'),
    cgroup: mode(host, 'CgroupnsMode', 'private', 'host'),
    user: user === 'private' ? 'auto' : user,
  };
}

function mode<Word extends string>(host: JsonObject, name: string, ...words: readonly Word[]) {
  const text = host.text(name);
  return text === undefined ? undefined : namespaceMode(`HostConfig.${name}`, ...words)(text) || undefined;
}

export function securityOptions(host: JsonObject): SecurityOptions {
  const options = (host.texts('SecurityOpt') ?? []).reduce(
    (before, text) => securityOption(text, before),
    {} as ReturnType<typeof collectSecurityOpt>,
  );
  return {
    privileged: host.flag('Privileged'),
    capAdd: host.texts('CapAdd'),
    capDrop: host.texts('CapDrop'),
    sysctls: host.map('Sysctls'),
    ...(hidesNothing(host) ? { unmaskedPaths: true } : {}),
    ...options,
  };
}

/** A client sends the text of a seccomp profile, and not the path of its own file. */
function securityOption(text: string, before: ReturnType<typeof collectSecurityOpt>) {
  const profile = /^seccomp[=:](\s*\{.*)$/s.exec(text)?.[1];
  return profile === undefined
    ? collectSecurityOpt(text, before)
    : { ...before, seccomp: { profile, source: 'the profile of the request' } };
}

export function deviceOptions(host: JsonObject): DeviceOptions {
  if ((host.objects('DeviceRequests') ?? []).length > 0)
    throw host.refusal(
      'DeviceRequests',
      'there is no driver of devices, such as GPUs',
      'name devices in Devices',
    );
  return {
    devices: host.objects('Devices')?.map((device) => {
      const path = device.text('PathOnHost');
      if (path === undefined) throw device.refusal('PathOnHost', 'no device is named');
      return {
        host: path,
        container: device.text('PathInContainer') ?? path,
        access: device.text('CgroupPermissions') ?? 'rwm',
      };
    }),
    cgroupRules: host.texts('DeviceCgroupRules'),
  };
}

export function fileOptions(host: JsonObject): FileOptions {
  const storage = Object.entries(host.map('StorageOpt') ?? {});
  return {
    readOnly: host.flag('ReadonlyRootfs'),
    shmSize: host.amount('ShmSize'),
    tmpfs: tmpfsOf(host),
    storageSize: storage.map(([key, value]) => parseStorageOption(`${key}=${value}`)).at(-1),
  };
}

function tmpfsOf(host: JsonObject): FileOptions['tmpfs'] {
  const map = host.map('Tmpfs');
  return map === undefined
    ? undefined
    : Object.entries(map).map(([path, options]) => ({
        path,
        options: options === '' ? [] : options.split(','),
      }));
}

/** Reads the members of Docker's Resources for a new container: 0 is as good as absent. */
export function resourceOptions(host: JsonObject): ResourceOptions {
  return {
    ...changeableResources(host),
    memorySwappiness: swappiness(host),
    oomKillDisable: host.flag('OomKillDisable') || undefined,
    blkioWeightDevices: amounts(host, 'BlkioWeightDevice', 'Weight'),
    readBps: amounts(host, 'BlkioDeviceReadBps', 'Rate'),
    writeBps: amounts(host, 'BlkioDeviceWriteBps', 'Rate'),
    readIops: amounts(host, 'BlkioDeviceReadIOps', 'Rate'),
    writeIops: amounts(host, 'BlkioDeviceWriteIOps', 'Rate'),
    cgroupParent: host.text('CgroupParent'),
  };
}

/** Reads those that can be changed later, too. */
export function changeableResources(host: JsonObject): ChangeableResources {
  return {
    memory: host.amount('Memory'),
    memoryReservation: host.amount('MemoryReservation'),
    memorySwap: host.amount('MemorySwap'),
    nanoCpus: host.amount('NanoCpus'),
    cpuShares: host.amount('CpuShares'),
    cpuQuota: host.amount('CpuQuota'),
    cpuPeriod: host.amount('CpuPeriod'),
    cpusetCpus: host.text('CpusetCpus'),
    cpusetMems: host.text('CpusetMems'),
    pidsLimit: host.amount('PidsLimit'),
    blkioWeight: host.amount('BlkioWeight'),
  };
}

/** -1 says that nobody has said anything. */
function swappiness(host: JsonObject): number | undefined {
  const value = host.number('MemorySwappiness');
  return value === -1 ? undefined : value;
}

function amounts(host: JsonObject, name: string, member: string): DeviceAmount[] | undefined {
  const list = host.objects(name);
  if (list === undefined || list.length === 0) return undefined;
  return list.map((each) => ({ path: each.text('Path') ?? '', amount: each.number(member) ?? 0 }));
}
