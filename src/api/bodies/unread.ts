import { MASKED_PATHS, READONLY_PATHS } from '../../runtime/spec/defaults.ts';
import type { JsonObject } from '../http/json.ts';

/** What becomes of a member that no option stands for. */
export type Unread =
  /** Whoever says it wants something that cannot be had; `as` are values that say what is so anyway. */
  | { refused: string; as?: readonly unknown[] }
  /** Nobody loses anything by it. */
  | { harmless: string };

export type UnreadMembers = Readonly<Record<string, Unread>>;

const WINDOWS: Unread = { refused: 'it is there on Windows only' };
const REAL_TIME: Unread = { refused: 'the time of real-time processes cannot be limited' };
const KERNEL_MEMORY: Unread = {
  refused: 'kernels do not limit it any more: limit Memory',
  as: [-1],
};

/** Of Docker's Resources: also those of `update`, which has more that it does not change. */
export const UNREAD_RESOURCES: UnreadMembers = {
  CpuRealtimePeriod: REAL_TIME,
  CpuRealtimeRuntime: REAL_TIME,
  KernelMemory: KERNEL_MEMORY,
  KernelMemoryTCP: KERNEL_MEMORY,
  DiskQuota: { refused: 'it has gone from the API: say StorageOpt {"size": ...}' },
  CpuCount: WINDOWS,
  CpuPercent: WINDOWS,
  IOMaximumIOps: WINDOWS,
  IOMaximumBandwidth: WINDOWS,
};

export const UNREAD_HOST_CONFIG: UnreadMembers = {
  ...UNREAD_RESOURCES,
  VolumeDriver: { refused: 'the only driver of volumes is local', as: ['local'] },
  Runtime: {
    refused: 'there is one runtime only',
    as: ['skiff', 'runc', 'io.containerd.runc.v2'],
  },
  Isolation: { refused: 'there is one kind of isolation only', as: ['default'] },
  Cgroup: { refused: 'a container has a cgroup of its own: CgroupParent says where' },
  Capabilities: { refused: 'it has gone from the API: say CapDrop ["ALL"] and CapAdd' },
  ConsoleSize: { harmless: 'whoever attaches gives the terminal the size of his own' },
};

export const UNREAD_CONFIG: UnreadMembers = {
  ArgsEscaped: { harmless: 'images of Windows have it' },
  OnBuild: { harmless: 'it is for builds on an image, and a container is none' },
};

const TOLD: Unread = {
  harmless: 'clients send back what inspect has told: addresses are asked for by IPAMConfig',
};

/** Of Docker's EndpointSettings. */
export const UNREAD_ENDPOINT: UnreadMembers = {
  NetworkID: TOLD,
  EndpointID: TOLD,
  Gateway: TOLD,
  IPAddress: TOLD,
  IPPrefixLen: TOLD,
  IPv6Gateway: TOLD,
  GlobalIPv6Address: TOLD,
  GlobalIPv6PrefixLen: TOLD,
  DNSNames: TOLD,
};

/** Throws `invalid` for a member that is refused. What is empty, zero or false says nothing. */
export function checkUnread(object: JsonObject, members: UnreadMembers): void {
  for (const [name, member] of Object.entries(members)) {
    if ('harmless' in member) continue;
    const value = object.raw(name);
    if (!saysNothing(value) && member.as?.includes(value) !== true)
      throw object.refusal(name, member.refused);
  }
}

/** Whether a value is empty, zero or false, with all that it has inside. */
export function saysNothing(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.values(value).every(saysNothing);
  return !value;
}

/**
 * Whether `MaskedPaths` and `ReadonlyPaths` say that nothing is hidden. Absent, and as every container has them, they say
 * nothing. Throws `invalid` for other lists.
 */
export function hidesNothing(host: JsonObject): boolean {
  const masked = hiding(host, 'MaskedPaths', MASKED_PATHS);
  const readonly = hiding(host, 'ReadonlyPaths', READONLY_PATHS);
  if (masked === 'nothing' && readonly === 'nothing') return true;
  const alone = masked === 'nothing' ? 'MaskedPaths' : readonly === 'nothing' ? 'ReadonlyPaths' : undefined;
  if (alone === undefined) return false;
  throw host.refusal(
    alone,
    'it cannot be empty alone',
    'MaskedPaths and ReadonlyPaths are both empty or both absent',
  );
}

/** Hosts have files of single CPUs besides, which `inspect` tells. */
const OF_HOSTS = /^\/sys\/devices\/system\/cpu\/cpu\d+\/thermal_throttle$/;

function hiding(host: JsonObject, name: string, usual: readonly string[]): 'nothing' | 'the usual' {
  const list = host.texts(name);
  if (list?.length === 0) return 'nothing';
  const asked = new Set(list?.filter((path) => !OF_HOSTS.test(path)) ?? usual);
  if (asked.size === usual.length && usual.every((path) => asked.has(path))) return 'the usual';
  throw host.refusal(name, 'paths are not hidden one by one', 'leave it out, or give an empty list');
}
