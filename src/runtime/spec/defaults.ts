import type { DeviceRuleSpec, DeviceSpec } from '../../oci/runtime-config.ts';

/**
 * The PATH of a container when neither image nor user sets it; as all defaults here it is Docker 29's, so that images
 * find what they know.
 */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Bytes of /dev/shm. */
export const DEFAULT_SHM_SIZE = 64 * 1024 * 1024;

/** The devices that the runtime spec demands (config-linux.md, "Default Devices"); ptmx is a link (DEV_LINKS). */
export const DEFAULT_DEVICES: readonly DeviceSpec[] = [
  { path: '/dev/null', type: 'c', major: 1, minor: 3, fileMode: 0o666 },
  { path: '/dev/zero', type: 'c', major: 1, minor: 5, fileMode: 0o666 },
  { path: '/dev/full', type: 'c', major: 1, minor: 7, fileMode: 0o666 },
  { path: '/dev/random', type: 'c', major: 1, minor: 8, fileMode: 0o666 },
  { path: '/dev/urandom', type: 'c', major: 1, minor: 9, fileMode: 0o666 },
  { path: '/dev/tty', type: 'c', major: 5, minor: 0, fileMode: 0o666 },
];

/**
 * Docker's rules and runc's: nodes may be made of anything, opened only of the default devices, the console (5:1),
 * /dev/ptmx (5:2) and the terminals of /dev/pts (136).
 */
export const DEFAULT_DEVICE_RULES: readonly DeviceRuleSpec[] = [
  { allow: false, access: 'rwm' },
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' },
  { allow: true, type: 'c', major: 1, minor: 5, access: 'rwm' },
  { allow: true, type: 'c', major: 1, minor: 7, access: 'rwm' },
  { allow: true, type: 'c', major: 1, minor: 8, access: 'rwm' },
  { allow: true, type: 'c', major: 1, minor: 9, access: 'rwm' },
  { allow: true, type: 'c', major: 5, minor: 0, access: 'rwm' },
  { allow: true, type: 'c', major: 5, minor: 1, access: 'rwm' },
  { allow: true, type: 'c', major: 5, minor: 2, access: 'rwm' },
  { allow: true, type: 'c', major: 136, access: 'rwm' },
];

/** Links below /dev (runtime-linux.md, "Dev symbolic links", and `core` as Docker has it): path, what it points to. */
export const DEV_LINKS: readonly (readonly [path: string, target: string])[] = [
  ['/dev/ptmx', 'pts/ptmx'],
  ['/dev/fd', '/proc/self/fd'],
  ['/dev/stdin', '/proc/self/fd/0'],
  ['/dev/stdout', '/proc/self/fd/1'],
  ['/dev/stderr', '/proc/self/fd/2'],
  ['/dev/core', '/proc/kcore'],
];

/** Files that tell too much about the host; the per-CPU ones are facts of the host. */
export const MASKED_PATHS: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];

export const READONLY_PATHS: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];

/**
 * The sysctls of a network namespace of its own only: any user may bind low ports and send pings there, which takes two
 * reasons for running as root away (Docker does so since 20.10).
 */
export const PRIVATE_NETWORK_SYSCTLS = {
  'net.ipv4.ip_unprivileged_port_start': '0',
  'net.ipv4.ping_group_range': '0 2147483647',
};

/** Where a program of the host that is a container's init is shown to it: /dev is the container's own, and leaves no trace. */
export const INIT_PLACE = '/dev/init';
