import { Assembler, EQUAL, type Label, type Range } from './assembler.ts';
import type { Argument } from './profile.ts';
import type { ResolvedProfile } from './resolve.ts';
import { abisOf, type Machine } from './syscalls.ts';
import { type Alternative, KILL, type Verdict, type Zone, zonesOf, zonesWithoutX32 } from './verdicts.ts';

/** Offsets in struct seccomp_data (linux/seccomp.h) of a little-endian machine. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const argumentAt = (index: number) => 16 + 8 * index;
const HIGH = 4;

/**
 * Compiles a profile into one program for all ABIs of a machine: an array of struct sock_filter. A binary tree finds
 * the range of the system call's number, another that of an argument. What comes through an ABI that the profile does
 * not list is killed, as libseccomp does it. Throws `invalid` for more than the kernel's 4096 instructions.
 */
export function compileProfile(profile: ResolvedProfile, machine: Machine, source: string): Uint8Array {
  const compiler = new Compiler();
  const trees = [...zonesByAudit(profile, machine)].reverse();
  let begin = compiler.out.answer(KILL);
  const entries = trees.map(([audit, zones]) => [audit, compiler.numberTree(zones)] as const);
  for (const [audit, entry] of entries) begin = compiler.out.branch(EQUAL, audit, entry, begin);
  compiler.out.load(ARCHITECTURE, begin);
  return compiler.out.program(`seccomp profile ${source}`);
}

/** Maps each of the kernel's values for an architecture to the verdicts on all numbers; the machine's own comes first. */
function zonesByAudit(profile: ResolvedProfile, machine: Machine): Map<number, Zone[]> {
  const zones = new Map<number, Zone[]>();
  const [own, ...others] = abisOf(machine);
  const isListed = ({ name }: { name: string }) => profile.architectures.includes(name);
  for (const abi of [own, ...others.filter(isListed)]) {
    zones.set(abi.audit, [...(zones.get(abi.audit) ?? []), ...zonesOf(profile, abi, isListed(abi))]);
  }
  if (machine === 'x64' && !isListed({ name: 'SCMP_ARCH_X32' })) {
    zones.get(own.audit)?.push(...zonesWithoutX32(profile));
  }
  return zones;
}

class Compiler {
  readonly out = new Assembler();
  readonly #verdicts = new Map<string, Label>();

  /** Finds the number's zone and gives its verdict. */
  numberTree(zones: readonly Zone[]): Label {
    return this.out.load(
      NUMBER,
      this.out.search(merged(zones.map(({ from, verdict }) => ({ from, to: this.#verdict(verdict) })))),
    );
  }

  /** Equal verdicts have one label. */
  #verdict(verdict: Verdict): Label {
    const key = keyOf(verdict);
    const label = this.#verdicts.get(key) ?? this.#decision(verdict);
    this.#verdicts.set(key, label);
    return label;
  }

  /** Tries the alternatives in their order; neighbours that compare one and the same argument become one search. */
  #decision({ alternatives, otherwise, argumentBits }: Verdict): Label {
    let label = this.out.answer(otherwise);
    for (const group of groups(alternatives).reverse()) {
      label = this.#alternatives(group, label, argumentBits);
    }
    return label;
  }

  #alternatives(group: readonly Alternative[], no: Label, bits: 32 | 64): Label {
    if (group.length > 1) {
      const cases = group.flatMap(({ action, conditions }) =>
        conditions.map((condition) => ({ condition, to: this.out.answer(action) })),
      );
      return this.#compare(cases, no, bits);
    }
    let label = no;
    for (const { action, conditions } of group) {
      label = this.out.answer(action);
      for (const condition of conditions.toReversed()) {
        label = isMasked(condition)
          ? this.#compareMasked(condition, label, no, bits)
          : this.#compare([{ condition, to: label }], no, bits);
      }
    }
    return label;
  }

  /** Leads to the first case whose condition holds. All compare the same argument, none under a mask. */
  #compare(cases: readonly { condition: Argument; to: Label }[], no: Label, bits: 32 | 64): Label {
    const starts = new Set([0n, ...cases.flatMap(({ condition }) => boundaries(condition))]);
    const ranges = [...starts]
      .filter((start) => start < 1n << BigInt(bits))
      .sort((a, b) => (a < b ? -1 : 1))
      .map((from) => ({ from, to: cases.find(({ condition }) => holds(condition, from))?.to ?? no }));
    const offset = argumentAt(cases[0]?.condition.index ?? 0);
    const low = ranges.map(({ from, to }) => ({ from: Number(from), to }));
    return bits === 32 ? this.#word(offset, low) : this.#doubleWord(offset, ranges);
  }

  /** Searches for the upper half of an argument, and for the lower one where that depends on it. */
  #doubleWord(offset: number, ranges: readonly { from: bigint; to: Label }[]): Label {
    const upper: Range[] = [];
    let before = ranges[0]?.to ?? 0;
    for (const [high, within] of Map.groupBy(ranges, ({ from }) => Number(from >> 32n))) {
      const lower = within.map(({ from, to }) => ({ from: Number(from & 0xffffffffn), to }));
      if (lower[0]?.from !== 0) lower.unshift({ from: 0, to: before });
      if (upper.at(-1)?.from === high) upper.pop();
      upper.push({ from: high, to: this.#word(offset, lower) });
      before = lower.at(-1)?.to ?? before;
      if (lower.length > 1 && high < 0xffffffff) upper.push({ from: high + 1, to: before });
    }
    return this.#word(offset + HIGH, upper);
  }

  #word(offset: number, ranges: readonly Range[]): Label {
    const distinct = merged(ranges);
    const label = this.out.search(distinct);
    return distinct.length > 1 ? this.out.load(offset, label) : label;
  }

  #compareMasked({ index, value, valueTwo }: Argument, yes: Label, no: Label, bits: 32 | 64): Label {
    let label = yes;
    for (const [shift, half] of bits === 64
      ? ([
          [0n, 0],
          [32n, HIGH],
        ] as const)
      : ([[0n, 0]] as const)) {
      const mask = Number((value >> shift) & 0xffffffffn);
      if (mask === 0) continue;
      const wanted = Number((valueTwo >> shift) & 0xffffffffn);
      label = this.out.load(argumentAt(index) + half, this.out.branch(EQUAL, wanted, label, no), mask);
    }
    return label;
  }
}

const isMasked = ({ op }: Argument) => op === 'SCMP_CMP_MASKED_EQ';

/** Neighbours with one condition each, about the same argument and without a mask, are together; others alone. */
function groups(alternatives: readonly Alternative[]): Alternative[][] {
  const grouped: Alternative[][] = [];
  let last: number | undefined;
  for (const alternative of alternatives) {
    const [condition, ...more] = alternative.conditions;
    const argument = condition && more.length === 0 && !isMasked(condition) ? condition.index : undefined;
    if (argument !== undefined && argument === last) grouped.at(-1)?.push(alternative);
    else grouped.push([alternative]);
    last = argument;
  }
  return grouped;
}

/** Returns the values at which a comparison changes its answer, counting from 0. */
function boundaries({ op, value }: Argument): bigint[] {
  if (op === 'SCMP_CMP_LT' || op === 'SCMP_CMP_GE') return [value];
  if (op === 'SCMP_CMP_LE' || op === 'SCMP_CMP_GT') return [value + 1n];
  return [value, value + 1n];
}

function holds({ op, value, valueTwo }: Argument, argument: bigint): boolean {
  switch (op) {
    case 'SCMP_CMP_NE':
      return argument !== value;
    case 'SCMP_CMP_LT':
      return argument < value;
    case 'SCMP_CMP_LE':
      return argument <= value;
    case 'SCMP_CMP_EQ':
      return argument === value;
    case 'SCMP_CMP_GE':
      return argument >= value;
    case 'SCMP_CMP_GT':
      return argument > value;
    case 'SCMP_CMP_MASKED_EQ':
      return (argument & value) === valueTwo;
  }
}

/** Returns the ranges but for those that say the same as the one before. */
function merged(ranges: readonly Range[]): Range[] {
  return ranges.filter(({ to }, index) => to !== ranges[index - 1]?.to);
}

function keyOf(verdict: Verdict): string {
  return JSON.stringify(verdict, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));
}
