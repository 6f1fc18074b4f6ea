import type { Action, Argument } from './profile.ts';
import type { ResolvedProfile, ResolvedRule } from './resolve.ts';
import { type Abi, X32_BIT } from './syscalls.ts';

/**
 * A profile's answer to a call: the action of the first alternative whose conditions all hold, `otherwise` if none
 * does.
 */
export interface Verdict {
  alternatives: readonly Alternative[];
  otherwise: number;
  /** How many bits of an argument count. */
  argumentBits: 32 | 64;
}

export interface Alternative {
  /** SECCOMP_RET_* with its data. */
  action: number;
  conditions: readonly Argument[];
}

/** A verdict of all calls from this number up to the next one's. */
export interface Zone {
  from: number;
  verdict: Verdict;
}

/** linux/seccomp.h, SECCOMP_RET_*. */
const RETURNS: Readonly<Record<Action, number>> = {
  SCMP_ACT_KILL: 0x00000000,
  SCMP_ACT_KILL_THREAD: 0x00000000,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
};
const EPERM = 1;
const ENOSYS = 38;

export const KILL = RETURNS.SCMP_ACT_KILL;
const NO_SUCH_CALL = RETURNS.SCMP_ACT_ERRNO + ENOSYS;

/**
 * Returns a profile's verdict on every number of an ABI, as libseccomp and runc have it, in the order of the numbers.
 *
 * Unless the default is to let calls pass, numbers above the highest that the profile names do not exist (ENOSYS): a
 * program that meets a call newer than the profile then uses an older one. Only for architectures that the profile
 * lists; a machine's own counts without being listed.
 */
export function zonesOf(profile: ResolvedProfile, abi: Abi, listed: boolean): Zone[] {
  const otherwise = actionOf(profile.defaultAction, profile.defaultErrnoRet);
  const passing = ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE'].includes(profile.defaultAction);
  const highest = passing || !listed ? 0 : highestNumber(profile, abi);
  const zones: Zone[] = [];
  let next = abi.name === 'SCMP_ARCH_X32' ? X32_BIT : 0;
  const upTo = (number: number) => {
    if (next < number) zones.push({ from: next, verdict: constant(otherwise) });
    next = Math.max(next, number);
  };
  for (const [number, alternatives] of [...rulesByNumber(profile, abi, otherwise)].sort(
    ([a], [b]) => a - b,
  )) {
    if (highest > 0 && number > highest) break;
    upTo(number);
    zones.push({ from: number, verdict: verdict(alternatives, otherwise, abi) });
    next = number + 1;
  }
  upTo(highest + 1);
  return [...zones, { from: next, verdict: constant(highest > 0 ? NO_SUCH_CALL : otherwise) }];
}

/**
 * The numbers of x32 where a profile of x86_64 does not list it: kill. Not -1, by which a tracer skips a call
 * (seccomp(2)): the kernel asks the filter again after the tracer.
 */
export function zonesWithoutX32(profile: ResolvedProfile): Zone[] {
  const otherwise = actionOf(profile.defaultAction, profile.defaultErrnoRet);
  return [
    { from: X32_BIT, verdict: constant(KILL) },
    { from: 0xffffffff, verdict: constant(otherwise) },
  ];
}

export function constant(action: number): Verdict {
  return { alternatives: [], otherwise: action, argumentBits: 64 };
}

function verdict(alternatives: readonly Alternative[], otherwise: number, { argumentBits }: Abi): Verdict {
  const [first] = alternatives;
  if (first?.conditions.length === 0) return constant(first.action);
  return { alternatives, otherwise, argumentBits };
}

function actionOf(action: Action, errno = EPERM): number {
  return RETURNS[action] + (action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE' ? errno : 0);
}

/**
 * Returns the highest number that the profile names. Multiplexed calls do not count, whether they have a number of
 * their own or not.
 */
function highestNumber(profile: ResolvedProfile, abi: Abi): number {
  const names = profile.syscalls.flatMap((rule) => rule.names);
  const numbers = names.filter((name) => !abi.multiplexed.has(name)).map((name) => abi.table.get(name) ?? 0);
  return numbers.reduce((highest, number) => Math.max(highest, number), 0);
}

/**
 * The alternatives of every number that rules speak of. A rule without conditions takes the place of all those with
 * conditions, and nothing comes after it. A rule that says the same as the default is none.
 */
function rulesByNumber(profile: ResolvedProfile, abi: Abi, otherwise: number): Map<number, Alternative[]> {
  const rules = new Map<number, Alternative[]>();
  for (const rule of profile.syscalls) {
    const action = actionOf(rule.action, rule.errnoRet);
    if (action === otherwise) continue;
    for (const [number, conditions] of rule.names.flatMap((name) => callsOf(name, rule, abi))) {
      const known = rules.get(number) ?? [];
      if (known[0]?.conditions.length === 0) continue;
      rules.set(
        number,
        conditions.length === 0 ? [{ action, conditions }] : [...known, { action, conditions }],
      );
    }
  }
  return rules;
}

/** The numbers that a rule for a name is about, each with one list of conditions that must all hold. */
function callsOf(name: string, rule: ResolvedRule, abi: Abi): [number, Argument[]][] {
  const lists = conditionLists(rule.args ?? []).map((list) =>
    list.flatMap((condition) => reduced(condition, abi)),
  );
  const number = abi.table.get(name);
  const own: [number, Argument[]][] = number === undefined ? [] : lists.map((list) => [number, list]);
  const shared = abi.multiplexed.get(name);
  if (shared === undefined) return own;
  // The first argument says which call it is; what the profile asks of it cannot be asked here.
  const selector: Argument = { index: 0, op: 'SCMP_CMP_EQ', value: BigInt(shared.selector), valueTwo: 0n };
  const rest = (list: Argument[]) => [selector, ...list.filter(({ index }) => index > 0)];
  return [...own, ...lists.map((list): [number, Argument[]] => [shared.number, rest(list)])];
}

/** Conditions are a conjunction, unless two are about one argument: then runc makes each of them a rule. */
function conditionLists(args: readonly Argument[]): Argument[][] {
  const distinct = new Set(args.map(({ index }) => index)).size === args.length;
  return distinct ? [[...args]] : args.map((argument) => [argument]);
}

/** The condition as far as it matters: values cut to the size of arguments, none for one that always holds. */
function reduced(condition: Argument, { argumentBits }: Abi): Argument[] {
  const { index, op } = condition;
  const value = BigInt.asUintN(argumentBits, condition.value);
  if (op !== 'SCMP_CMP_MASKED_EQ') return [{ index, op, value, valueTwo: 0n }];
  return value === 0n ? [] : [{ index, op, value, valueTwo: condition.valueTwo & value }];
}
