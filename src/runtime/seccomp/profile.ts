import { EngineError } from '../../errors.ts';
import { asCount, asList, asObject, asString, optional } from '../../oci/json.ts';
import { CAPABILITIES } from '../spec/capabilities.ts';
import type { KernelVersion } from './kernel.ts';

/** The actions of a filter on a call (seccomp(2)); SCMP_ACT_NOTIFY, which asks a program outside, is not among them. */
export const ACTIONS = [
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_LOG',
  'SCMP_ACT_ALLOW',
] as const;
export type Action = (typeof ACTIONS)[number];

/** How an argument is compared; SCMP_CMP_MASKED_EQ is `argument & value === valueTwo`. */
export const OPERATORS = [
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
] as const;
export type Operator = (typeof OPERATORS)[number];

export const FLAGS = [
  'SECCOMP_FILTER_FLAG_TSYNC',
  'SECCOMP_FILTER_FLAG_LOG',
  'SECCOMP_FILTER_FLAG_SPEC_ALLOW',
] as const;
export type Flag = (typeof FLAGS)[number];

/** A profile as Docker has it: that of the OCI runtime spec, with rules that depend on container and host. */
export interface Profile {
  defaultAction: Action;
  defaultErrnoRet?: number | undefined;
  /** Names as `SCMP_ARCH_X86_64`; besides the machine's own, which is always meant. */
  architectures: string[];
  /** The machines and their architectures, in the place of `architectures`: those of the machine that runs count. */
  archMap: { architecture: string; subArchitectures: string[] }[];
  /** Absent: those that are the default. */
  flags?: Flag[] | undefined;
  syscalls: ProfileRule[];
}

export interface ProfileRule {
  names: string[];
  action: Action;
  errnoRet?: number | undefined;
  args: Argument[];
  /** The conditions that must all hold for the rule to count. */
  includes: Conditions;
  /** The conditions of which none may hold. */
  excludes: Conditions;
}

/** `index` is 0 to 5, the values are unsigned 64-bit numbers. */
export interface Argument {
  index: number;
  value: bigint;
  valueTwo: bigint;
  op: Operator;
}

export interface Conditions {
  /** `CAP_SYS_ADMIN`: in the bounding set of the container. */
  caps: string[];
  /** Names as Docker has them: `amd64`, `arm64`, `s390x`. */
  arches: string[];
  minKernel?: KernelVersion | undefined;
}

/**
 * Reads a profile from Docker's JSON (docs.docker.com/engine/security/seccomp). `source` is what the user knows it as.
 * Throws `invalid` naming the source and the place in it, `unsupported` for what asks another program for a decision.
 * Names of system calls are not looked at: a profile is for many kernels.
 */
export function parseProfile(text: string, source: string): Profile {
  const what = `seccomp profile ${source}`;
  const profile = asObject(readJson(text, what), what);
  const at = (member: string) => `${what}: ${member}`;
  for (const member of ['listenerPath', 'listenerMetadata']) {
    if (optional(profile[member], at(member), asString)) throw noListener(at(member));
  }
  const architectures = optional(profile['architectures'], at('architectures'), asStrings) ?? [];
  const archMap = optional(profile['archMap'], at('archMap'), asArchMap) ?? [];
  if (architectures.length > 0 && archMap.length > 0) {
    throw new EngineError('invalid', `${what} has both architectures and archMap`);
  }
  return {
    defaultAction: asAction(profile['defaultAction'], at('defaultAction')),
    defaultErrnoRet: optional(profile['defaultErrnoRet'], at('defaultErrnoRet'), asErrno),
    architectures,
    archMap,
    flags: optional(profile['flags'], at('flags'), asFlags),
    syscalls: optional(profile['syscalls'], at('syscalls'), asRules) ?? [],
  };
}

/** JSON whose large numbers are exact: values of arguments have 64 bits, more than a double holds. */
function readJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text, (_, value: unknown, context?: { source?: string }) => {
      const digits = typeof value === 'number' && !Number.isSafeInteger(value) ? context?.source : undefined;
      return digits !== undefined && /^\d+$/.test(digits) ? BigInt(digits) : value;
    });
  } catch (cause) {
    throw new EngineError('invalid', `${what} is not JSON`, { cause });
  }
}

function asRules(value: unknown, what: string): ProfileRule[] {
  return asList(value, what, asRule);
}

function asRule(value: unknown, what: string): ProfileRule {
  const rule = asObject(value, what);
  const name = optional(rule['name'], `${what}.name`, asString) ?? '';
  const names = optional(rule['names'], `${what}.names`, asStrings) ?? [];
  if (name !== '' && names.length > 0) throw new EngineError('invalid', `${what} has both name and names`);
  if (names.includes('')) throw new EngineError('invalid', `${what}.names has an empty name`);
  return {
    names: name === '' ? names : [name],
    action: asAction(rule['action'], `${what}.action`),
    errnoRet: optional(rule['errnoRet'], `${what}.errnoRet`, asErrno),
    args: optional(rule['args'], `${what}.args`, asArguments) ?? [],
    includes: optional(rule['includes'], `${what}.includes`, asConditions) ?? { caps: [], arches: [] },
    excludes: optional(rule['excludes'], `${what}.excludes`, asConditions) ?? { caps: [], arches: [] },
  };
}

function asArguments(value: unknown, what: string): Argument[] {
  return asList(value, what, (item, place) => {
    const argument = asObject(item, place);
    const index = optional(argument['index'], `${place}.index`, asCount) ?? 0;
    if (index > 5)
      throw new EngineError('invalid', `${place}.index is ${index}: a call has arguments 0 to 5`);
    return {
      index,
      value: optional(argument['value'], `${place}.value`, asUnsigned64) ?? 0n,
      valueTwo: optional(argument['valueTwo'], `${place}.valueTwo`, asUnsigned64) ?? 0n,
      op: oneOf(OPERATORS, 'operator')(argument['op'], `${place}.op`),
    };
  });
}

function asConditions(value: unknown, what: string): Conditions {
  const conditions = asObject(value, what);
  const caps = optional(conditions['caps'], `${what}.caps`, (list, place) =>
    asList(list, place, oneOf(CAPABILITIES, 'capability')),
  );
  return {
    caps: caps ?? [],
    arches: optional(conditions['arches'], `${what}.arches`, asStrings) ?? [],
    minKernel: optional(conditions['minKernel'], `${what}.minKernel`, asKernelVersion),
  };
}

/** `4.8`; what is empty says nothing. */
function asKernelVersion(value: unknown, what: string): KernelVersion | undefined {
  const text = asString(value, what);
  if (text === '') return undefined;
  const [, major, minor] = /^(\d{1,3})\.(\d{1,3})$/.exec(text) ?? [];
  if (Number(major) <= 255 && Number(minor) <= 255 && !/^0+\.0+$/.test(text)) {
    return { major: Number(major), minor: Number(minor) };
  }
  throw new EngineError('invalid', `${what} "${text}" is not a kernel version`, {
    hint: 'write the first two numbers, such as "4.8"',
  });
}

function asArchMap(value: unknown, what: string): Profile['archMap'] {
  return asList(value, what, (item, place) => {
    const entry = asObject(item, place);
    return {
      architecture: asString(entry['architecture'], `${place}.architecture`),
      subArchitectures: optional(entry['subArchitectures'], `${place}.subArchitectures`, asStrings) ?? [],
    };
  });
}

function asAction(value: unknown, what: string): Action {
  if (value === 'SCMP_ACT_NOTIFY') throw noListener(what);
  return oneOf(ACTIONS, 'action')(value, what);
}

function asFlags(value: unknown, what: string): Flag[] {
  return asList(value, what, oneOf(FLAGS, 'flag'));
}

function asStrings(value: unknown, what: string): string[] {
  return asList(value, what, asString);
}

/** 16 bits, as much as a filter's answer has room for. */
function asErrno(value: unknown, what: string): number {
  const number = asCount(value, what);
  if (number <= 0xffff) return number;
  throw new EngineError('invalid', `${what} is ${number}, more than 65535`);
}

function asUnsigned64(value: unknown, what: string): bigint {
  const number = typeof value === 'bigint' ? value : BigInt(asCount(value, what));
  if (number < 1n << 64n) return number;
  throw new EngineError('invalid', `${what} is ${number}, more than 64 bits`);
}

function oneOf<T extends string>(known: readonly T[], kind: string): (value: unknown, what: string) => T {
  return (value, what) => {
    const text = asString(value, what);
    const found = known.find((name) => name === text);
    if (found !== undefined) return found;
    throw new EngineError('invalid', `${what}: unknown ${kind} "${text}"`, { subject: text });
  };
}

function noListener(what: string): EngineError {
  return new EngineError('unsupported', `${what} hands calls to another program, which skiff cannot do`, {
    hint: 'use SCMP_ACT_ERRNO, SCMP_ACT_LOG or SCMP_ACT_TRAP instead of SCMP_ACT_NOTIFY',
  });
}
