import type { Argument, Operator } from '../../src/runtime/seccomp/profile.ts';
import type { ResolvedProfile, ResolvedRule } from '../../src/runtime/seccomp/resolve.ts';

const NAMES = [
  'read',
  'lseek',
  'personality',
  'socket',
  'shmat',
  'connect',
  'clone',
  'ioctl',
  'mmap',
  'execve',
  'statx',
];
const OPERATORS = ['NE', 'LT', 'LE', 'EQ', 'GE', 'GT', 'MASKED_EQ'].map(
  (name) => `SCMP_CMP_${name}` as Operator,
);
const VALUES = [
  0n,
  1n,
  2n,
  5n,
  255n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 32n + 5n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** Numbers from 0 up to `below`, the same for the same seed (mulberry32). */
export function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Some profile of x64 whose rules look at arguments; those for one name, at most `each`, have one action. */
export function randomProfile(random: (below: number) => number, each: number): ResolvedProfile {
  const pick = <T>(list: readonly T[]) => list[random(list.length)] as T;
  const argument = (index: number): Argument => ({
    index,
    op: pick(OPERATORS),
    value: pick(VALUES),
    valueTwo: pick(VALUES),
  });
  const rule = (name: string): ResolvedRule => ({
    names: [name],
    action: NAMES.indexOf(name) % 2 === 0 ? 'SCMP_ACT_ALLOW' : 'SCMP_ACT_TRACE',
    errnoRet: NAMES.indexOf(name),
    args: [0, 1, 2].filter(() => random(2) === 0).map(argument),
  });
  return {
    defaultAction: pick(['SCMP_ACT_ERRNO', 'SCMP_ACT_LOG', 'SCMP_ACT_KILL_PROCESS'] as const),
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'].filter(() => random(4) > 0),
    flags: [],
    syscalls: NAMES.flatMap((name) => Array.from({ length: random(each + 1) }, () => rule(name))),
  };
}
