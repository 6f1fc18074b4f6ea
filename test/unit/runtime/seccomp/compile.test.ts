import { describe, expect, it } from 'vitest';
import { compileProfile } from '../../../../src/runtime/seccomp/compile.ts';
import type { Argument, Operator } from '../../../../src/runtime/seccomp/profile.ts';
import type { ResolvedProfile, ResolvedRule } from '../../../../src/runtime/seccomp/resolve.ts';
import { type Abi, abisOf } from '../../../../src/runtime/seccomp/syscalls.ts';
import { runFilter, traceFilter } from '../../../helpers/classic-bpf.ts';
import { randomProfile, seeded } from '../../../helpers/seccomp-profiles.ts';

const X86_64 = 0xc000003e;
const I386 = 0x40000003;
const ALLOW = 0x7fff0000;
const EPERM = 0x50001;
const ENOSYS = 0x50026;
const LIMIT = 2n ** 64n - 1n;
const ALL = ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'];

function profile(rules: Partial<ResolvedRule>[], rest: Partial<ResolvedProfile> = {}): ResolvedProfile {
  const syscalls = rules.map((rule) => ({ names: [], action: 'SCMP_ACT_ALLOW' as const, ...rule }));
  return { defaultAction: 'SCMP_ACT_ERRNO', architectures: ALL, flags: [], ...rest, syscalls };
}

function argument(index: number, op: string, value: bigint, valueTwo = 0n): Argument {
  return { index, op: `SCMP_CMP_${op}` as Operator, value, valueTwo };
}

function answer(to: ResolvedProfile, number: number, args: bigint[] = [], arch = X86_64): number {
  return runFilter(compileProfile(to, 'x64', 'test'), { number, arch, args });
}

/** What the operators say, written down once more. */
const MEANING: Readonly<Record<string, (a: bigint, value: bigint, other: bigint) => boolean>> = {
  NE: (a, value) => a !== value,
  LT: (a, value) => a < value,
  LE: (a, value) => a <= value,
  EQ: (a, value) => a === value,
  GE: (a, value) => a >= value,
  GT: (a, value) => a > value,
  MASKED_EQ: (a, value, other) => (a & value) === (other & value),
};
const EDGES = [
  0n,
  1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 32n + 1n,
  5n * 2n ** 32n,
  2n ** 63n,
  LIMIT,
];
const around = (edge: bigint) =>
  [edge - 1n, edge, edge + 1n, edge ^ (1n << 32n)].map((n) => BigInt.asUintN(64, n));

describe('comparisons of arguments', () => {
  it.each(Object.keys(MEANING))('%s are right around every edge of 64 bits', (op) => {
    for (const edge of EDGES) {
      const rules = profile([{ names: ['lseek'], args: [argument(1, op, edge, 1n)] }]);
      const program = compileProfile(rules, 'x64', 'test');
      for (const value of EDGES.flatMap(around)) {
        const holds = MEANING[op]?.(value, edge, 1n);
        const found = runFilter(program, { number: 8, arch: X86_64, args: [0n, value] });
        expect(found, `${value} ${op} ${edge}`).toBe(holds ? ALLOW : EPERM);
      }
    }
  });

  it('must all hold within a rule', () => {
    const both = profile([{ names: ['lseek'], args: [argument(0, 'EQ', 1n), argument(2, 'GT', 2n ** 40n)] }]);
    expect(answer(both, 8, [1n, 0n, LIMIT])).toBe(ALLOW);
    expect(answer(both, 8, [1n, 0n, 7n])).toBe(EPERM);
    expect(answer(both, 8, [2n, 0n, LIMIT])).toBe(EPERM);
  });

  it('on one argument twice are alternatives, as runc has it', () => {
    const outside = profile([{ names: ['lseek'], args: [argument(0, 'LT', 3n), argument(0, 'GT', 9n)] }]);
    expect([2n, 3n, 9n, 10n].map((value) => answer(outside, 8, [value]))).toEqual([
      ALLOW,
      EPERM,
      EPERM,
      ALLOW,
    ]);
  });

  it('give way to a rule without any', () => {
    const rules = profile([
      { names: ['lseek'], action: 'SCMP_ACT_TRAP', args: [argument(0, 'EQ', 1n)] },
      { names: ['lseek'], action: 'SCMP_ACT_LOG' },
      { names: ['lseek'] },
    ]);
    expect(answer(rules, 8, [1n])).toBe(0x7ffc0000);
  });

  it('of different rules are tried in the order of the profile', () => {
    const rules = profile([
      { names: ['lseek'], action: 'SCMP_ACT_ERRNO', errnoRet: 5, args: [argument(0, 'LE', 4n)] },
      { names: ['lseek'], args: [argument(0, 'LE', 9n)] },
      { names: ['lseek'], action: 'SCMP_ACT_TRACE', errnoRet: 7, args: [argument(1, 'MASKED_EQ', 1n, 1n)] },
    ]);
    expect([4n, 5n, 10n].map((value) => answer(rules, 8, [value, 1n]))).toEqual([0x50005, ALLOW, 0x7ff00007]);
    expect(answer(rules, 8, [10n, 2n])).toBe(EPERM);
  });

  it('see the lower half only where registers have 32 bits', () => {
    const rules = profile([{ names: ['lseek'], args: [argument(0, 'EQ', 2n ** 32n + 5n)] }]);
    expect(answer(rules, 19, [5n], I386)).toBe(ALLOW);
    expect(answer(rules, 8, [5n])).toBe(EPERM);
    expect(answer(rules, 0x40000008, [LIMIT - 2n ** 32n + 6n])).toBe(ALLOW);
  });
});

describe('numbers', () => {
  it('above the highest that is named do not exist', () => {
    const rules = profile([{ names: ['read', 'openat2'] }]);
    expect([0, 1, 437, 438, 5000].map((number) => answer(rules, number))).toEqual([
      ALLOW,
      EPERM,
      ALLOW,
      ENOSYS,
      ENOSYS,
    ]);
    expect(answer(rules, 438, [], I386)).toBe(ENOSYS);
    expect(answer(rules, 0xffffffff)).toBe(ENOSYS);
  });

  it('are not cut off where calls pass by default, or the architecture is not listed', () => {
    expect(answer(profile([{ names: ['read'] }], { architectures: [] }), 400)).toBe(EPERM);
    const log = profile([{ names: ['write'] }], { defaultAction: 'SCMP_ACT_LOG' });
    expect(answer(log, 400)).toBe(0x7ffc0000);
  });

  it('of other architectures are killed, x32 without being listed too', () => {
    const rules = profile([{ names: ['read', 'close'] }], { architectures: ['SCMP_ARCH_X86_64'] });
    expect(answer(rules, 3, [], I386)).toBe(0);
    expect(answer(rules, 0, [], 0xc00000b7)).toBe(0);
    expect([0x40000000, 0x40000003, 0xfffffffe].map((number) => answer(rules, number))).toEqual([0, 0, 0]);
    expect(answer(rules, 0xffffffff)).toBe(EPERM);
  });

  it('of calls behind socketcall are told by its first argument', () => {
    const rules = profile([
      { names: ['write', 'connect', 'statx'] },
      { names: ['socket'], args: [argument(0, 'EQ', 2n)] },
    ]);
    expect([1n, 2n, 3n].map((call) => answer(rules, 102, [call], I386))).toEqual([ALLOW, EPERM, ALLOW]);
  });
});

describe('programs', () => {
  it('find a number in a few steps', () => {
    const names = [...abisOf('x64')[0].table.keys()].filter((_, index) => index % 2 === 0);
    const program = compileProfile(profile([{ names }]), 'x64', 'test');
    for (const number of Array(470).keys()) {
      expect(traceFilter(program, { number, arch: X86_64 }).steps).toBeLessThan(16);
    }
  });

  it('reach further than a conditional jump', () => {
    const names = [...abisOf('x64')[0].table.keys()];
    const rules = names.map((name, index) => ({
      names: [name],
      action: 'SCMP_ACT_ERRNO' as const,
      errnoRet: 100 + index,
      args: [argument(index % 6, 'EQ', BigInt(index) << 30n)],
    }));
    const long = profile(rules, { architectures: ['SCMP_ARCH_X86_64'] });
    const program = compileProfile(long, 'x64', 'test');
    expect(program.length / 8).toBeGreaterThan(2000);
    for (const [index, name] of names.entries()) {
      const number = abisOf('x64')[0].table.get(name) ?? -1;
      const args = Array<bigint>(6).fill(BigInt(index) << 30n);
      expect(runFilter(program, { number, arch: X86_64, args })).toBe(0x50000 + 100 + index);
      expect(runFilter(program, { number, arch: X86_64, args: Array<bigint>(6).fill(7n) })).toBe(EPERM);
    }
  });

  it('of more than the kernel takes are refused', () => {
    const args = (n: number) =>
      [0, 1, 2, 3, 4].map((index) => argument(index, 'NE', BigInt(n * 64 + index) << 31n));
    const rules = Array.from({ length: 300 }, (_, n) => ({ names: ['lseek'], args: args(n) }));
    expect(() => compileProfile(profile(rules), 'x64', 'large.json')).toThrow(
      /seccomp profile large\.json needs \d+ instructions, the kernel takes 4096/,
    );
  });

  it('say what the rules say, whatever they are', () => {
    const random = seeded(1);
    for (let round = 0; round < 150; round++) {
      const rules = randomProfile(random, 5);
      const program = compileProfile(rules, 'x64', 'test');
      const edges = rules.syscalls.flatMap(({ args = [] }) => args).flatMap(({ value }) => around(value));
      const value = () => edges[random(edges.length)] ?? 0n;
      for (const abi of abisOf('x64')) {
        for (let call = 0; call < 150; call++) {
          const numbers = [...abi.table.values()];
          const named = rules.syscalls[random(rules.syscalls.length || 1)]?.names[0] ?? '';
          const number = abi.table.get(random(5) ? named : '') ?? numbers[random(numbers.length)] ?? 0;
          const args = [random(3) ? value() : BigInt(random(24)), value(), value()];
          const expected = naive(rules, abi, number, args);
          expect(
            runFilter(program, { number, arch: abi.audit, args }),
            `${round} ${abi.name} ${number} ${args}`,
          ).toBe(expected);
        }
      }
    }
  });
});

/** The answer by reading all rules one after the other. */
function naive(rules: ResolvedProfile, abi: Abi, number: number, args: bigint[]): number {
  const own = abi.name === 'SCMP_ARCH_X86_64';
  const listed = rules.architectures.includes(abi.name);
  if (!own && !listed) return 0;
  const otherwise = value(rules.defaultAction, 1);
  const names = rules.syscalls.flatMap((rule) => rule.names).filter((name) => !abi.multiplexed.has(name));
  const highest = Math.max(0, ...names.map((name) => abi.table.get(name) ?? 0));
  if (rules.defaultAction !== 'SCMP_ACT_LOG' && listed && highest > 0 && number > highest) return ENOSYS;
  const cut = (n: bigint) => BigInt.asUintN(abi.argumentBits, n);
  let first: number | undefined;
  for (const {
    names: [name = ''],
    action,
    errnoRet = 1,
    args: conditions = [],
  } of rules.syscalls) {
    const direct = abi.table.get(name) === number;
    const shared = abi.multiplexed.get(name);
    const behind = shared?.number === number && cut(args[0] ?? 0n) === BigInt(shared.selector);
    if (!direct && !behind) continue;
    const asked = conditions
      .filter(({ index }) => direct || index > 0)
      .filter(({ op, value: mask }) => op !== 'SCMP_CMP_MASKED_EQ' || cut(mask) !== 0n);
    const holds = asked.every(({ index, op, value: one, valueTwo }) =>
      MEANING[op.slice('SCMP_CMP_'.length)]?.(cut(args[index] ?? 0n), cut(one), cut(valueTwo)),
    );
    if (direct && asked.length === 0) return value(action, errnoRet);
    if (holds) first ??= value(action, errnoRet);
  }
  return first ?? otherwise;
}

function value(action: string, errno: number): number {
  const values: Readonly<Record<string, number>> = {
    SCMP_ACT_ERRNO: 0x50000 + errno,
    SCMP_ACT_TRACE: 0x7ff00000 + errno,
    SCMP_ACT_LOG: 0x7ffc0000,
    SCMP_ACT_KILL_PROCESS: 0x80000000,
    SCMP_ACT_ALLOW: ALLOW,
  };
  return values[action] ?? Number.NaN;
}
