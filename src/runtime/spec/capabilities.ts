import { EngineError } from '../../errors.ts';
import { nearestName } from '../../nearest-name.ts';
import type { SecurityOptions } from '../options.ts';

/** The capabilities of linux/capability.h; a name's index is its bit. */
export const CAPABILITIES = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_DAC_READ_SEARCH',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_LINUX_IMMUTABLE',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_BROADCAST',
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
  'CAP_IPC_LOCK',
  'CAP_IPC_OWNER',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_CHROOT',
  'CAP_SYS_PTRACE',
  'CAP_SYS_PACCT',
  'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT',
  'CAP_SYS_NICE',
  'CAP_SYS_RESOURCE',
  'CAP_SYS_TIME',
  'CAP_SYS_TTY_CONFIG',
  'CAP_MKNOD',
  'CAP_LEASE',
  'CAP_AUDIT_WRITE',
  'CAP_AUDIT_CONTROL',
  'CAP_SETFCAP',
  'CAP_MAC_OVERRIDE',
  'CAP_MAC_ADMIN',
  'CAP_SYSLOG',
  'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND',
  'CAP_AUDIT_READ',
  'CAP_PERFMON',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
] as const;

export type Capability = (typeof CAPABILITIES)[number];

/** The capabilities of a container when the user names none: those that Docker grants, in its order. */
const DEFAULT_CAPABILITIES: readonly Capability[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
];

/**
 * Returns a container's bounding set, the capabilities that it may have at most: Docker's fourteen, less those that are
 * dropped, more those that are added; `ALL` among the added is everything but the dropped ones, `ALL` among the dropped
 * is the added ones alone. A privileged container begins with everything, and what is dropped it does not have either:
 * Docker gives it all the same. Seccomp profiles depend on this set, too. Throws `invalid` for a name that is none, and
 * for `ALL` both added and dropped, which Docker takes for added.
 *
 * CAP_MKNOD is safe as long as device rules keep a node from being opened. Without them nobody gets it by default or as
 * one of `ALL`, and asking for it by name throws `unsupported`.
 */
export function boundingCapabilities(
  {
    privileged = false,
    capAdd = [],
    capDrop = [],
  }: Pick<SecurityOptions, 'privileged' | 'capAdd' | 'capDrop'>,
  deviceControl: boolean,
): Capability[] {
  if (!privileged && deviceControl && capAdd.length === 0 && capDrop.length === 0)
    return [...DEFAULT_CAPABILITIES];
  const [added, dropped] = [capAdd.map(normalName), capDrop.map(normalName)];
  if (added.includes(ALL) && dropped.includes(ALL)) throw allBothWays();
  const everything = (privileged && !dropped.includes(ALL)) || added.includes(ALL);
  if (!privileged && !everything && !deviceControl && added.includes('CAP_MKNOD')) throw noDeviceRules();
  const basis = everything ? CAPABILITIES : dropped.includes(ALL) ? [] : DEFAULT_CAPABILITIES;
  const kept = basis.filter((name) => !dropped.includes(name) && (privileged || isSafe(name, deviceControl)));
  const named = everything ? [] : added.filter((name) => name !== ALL);
  return [...new Set([...kept, ...named])];
}

/** Whether a user, as `--user` has it, is another than root whatever the container's files say. */
export function isKnownNotRoot(user: string): boolean {
  return /^0*[1-9]\d*(:|$)/.test(user);
}

function isSafe(name: Capability, deviceControl: boolean): boolean {
  return deviceControl || name !== 'CAP_MKNOD';
}

const ALL = 'ALL';

/** Normalises a capability's name: `net_admin`, `CAP_NET_ADMIN` and `Net_Admin` are the same, as in Docker. */
function normalName(text: string): Capability | typeof ALL {
  const upper = text.toUpperCase();
  if (upper === ALL) return ALL;
  const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (isCapability(name)) return name;
  const near = nearestName(withoutPrefix(name), CAPABILITIES.map(withoutPrefix));
  throw new EngineError('invalid', `unknown capability "${text}"`, {
    subject: text,
    hint:
      near === undefined ? 'capabilities(7) has the names; ALL is all of them' : `did you mean CAP_${near}?`,
  });
}

function withoutPrefix(name: string): string {
  return name.slice('CAP_'.length);
}

function isCapability(name: string): name is Capability {
  return (CAPABILITIES as readonly string[]).includes(name);
}

function allBothWays(): EngineError {
  return new EngineError('invalid', 'all capabilities are both added and dropped', {
    subject: ALL,
    hint: 'drop ALL and add those that are needed by name, or add ALL and drop by name',
  });
}

function noDeviceRules(): EngineError {
  return new EngineError(
    'unsupported',
    'CAP_MKNOD needs the cgroup controller "devices", without which any device could be opened',
    { subject: 'CAP_MKNOD', hint: 'inside of a container: start that one with --privileged' },
  );
}

/** The mask of capability names in hexadecimal, as the plan and /proc/PID/status write it; throws `invalid`. */
export function capabilityMask(names: readonly string[]): string {
  let mask = 0n;
  for (const name of names) {
    const bit = (CAPABILITIES as readonly string[]).indexOf(name);
    if (bit < 0) throw new EngineError('invalid', `unknown capability "${name}"`, { subject: name });
    mask |= 1n << BigInt(bit);
  }
  return mask.toString(16);
}
