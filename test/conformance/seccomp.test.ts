import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileProfile } from '../../src/runtime/seccomp/compile.ts';
import { builtinProfile } from '../../src/runtime/seccomp/default-profile.ts';
import { parseProfile } from '../../src/runtime/seccomp/profile.ts';
import { type ResolvedProfile, resolveProfile } from '../../src/runtime/seccomp/resolve.ts';
import { abisOf, type Machine } from '../../src/runtime/seccomp/syscalls.ts';
import { CAPABILITIES } from '../../src/runtime/spec/capabilities.ts';
import { attachedFilter } from '../helpers/attached-filter.ts';
import { builtProgram } from '../helpers/built-program.ts';
import { runFilter } from '../helpers/classic-bpf.ts';
import { randomProfile, seeded } from '../helpers/seccomp-profiles.ts';

/** The 14 capabilities of a container that asks for nothing (moby, daemon/pkg/oci/caps/defaults.go). */
const DEFAULT_CAPABILITIES = [
  ...['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FSETID', 'CAP_FOWNER', 'CAP_MKNOD', 'CAP_NET_RAW', 'CAP_SETGID'],
  ...['CAP_SETUID', 'CAP_SETFCAP', 'CAP_SETPCAP', 'CAP_NET_BIND_SERVICE', 'CAP_SYS_CHROOT', 'CAP_KILL'],
  'CAP_AUDIT_WRITE',
];

/** An ABI as libseccomp calls it, and what the kernel says in seccomp_data.arch. */
const ABIS = [
  { name: 'x86_64', profile: 'SCMP_ARCH_X86_64', machine: 'x64', audit: 0xc000003e },
  { name: 'x86', profile: 'SCMP_ARCH_X86', machine: 'x64', audit: 0x40000003 },
  { name: 'x32', profile: 'SCMP_ARCH_X32', machine: 'x64', audit: 0xc000003e },
  { name: 'aarch64', profile: 'SCMP_ARCH_AARCH64', machine: 'arm64', audit: 0xc00000b7 },
  { name: 'arm', profile: 'SCMP_ARCH_ARM', machine: 'arm64', audit: 0x40000028 },
] as const;
const OWN: Readonly<Record<Machine, string>> = { x64: 'x86_64', arm64: 'aarch64' };
const PASSING = ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE'];
const OPERATORS = ['', 'NE', 'LT', 'LE', 'EQ', 'GE', 'GT', 'MASKED_EQ'].map((name) => `SCMP_CMP_${name}`);
const ACTIONS: Readonly<Record<string, number>> = {
  SCMP_ACT_KILL: 0,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_TRAP: 0x30000,
  SCMP_ACT_ERRNO: 0x50000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
};
const ENOSYS = 0x50000 + 38;

const directory = mkdtempSync(join(tmpdir(), 'libseccomp-'));
const libseccomp = builtProgram('libseccomp');
/** Numbers by ABI and name as libseccomp has them; negative: not there, or behind socketcall or ipc. */
const known = new Map<string, Map<string, number>>(ABIS.map(({ name }) => [name, new Map()]));

beforeAll(() => {
  const names = new Set(
    (['x64', 'arm64'] as const).flatMap(abisOf).flatMap(({ table }) => [...table.keys()]),
  );
  const lines = execFileSync(libseccomp, ['names'], { input: [...names].join('\n'), encoding: 'utf8' });
  for (const line of lines.trim().split('\n')) {
    const [name = '', ...numbers] = line.split(' ');
    if (numbers[0] === '-1') continue;
    for (const [index, abi] of ABIS.entries()) known.get(abi.name)?.set(name, Number(numbers[index]));
  }
});

afterAll(() => rmSync(directory, { recursive: true }));

describe('numbers of system calls', () => {
  it.each(ABIS)('of $name are those of libseccomp', ({ name, profile, machine }) => {
    const table = abisOf(machine).find((abi) => abi.name === profile)?.table ?? new Map<string, number>();
    const wrong = [...(known.get(name) ?? [])].filter(
      ([call, number]) => number >= 0 && (table.get(call) ?? -1) >>> 0 !== number >>> 0,
    );
    expect(wrong).toEqual([]);
    expect(table.size).toBeGreaterThan(300);
  });
});

describe('verdicts are those of runc with libseccomp', () => {
  const circumstances = [
    { title: 'a default container', capabilities: DEFAULT_CAPABILITIES, minor: 18 },
    { title: 'all capabilities', capabilities: [...CAPABILITIES], minor: 18 },
    { title: 'no capability', capabilities: [], minor: 18 },
  ];
  for (const machine of ['x64', 'arm64'] as const) {
    it.each(circumstances)(`the default profile, $title, ${machine}`, ({ capabilities, minor }) => {
      const facts = { capabilities, architecture: machine, kernel: { major: 6, minor } };
      expect(differences(resolveProfile(builtinProfile(), facts, 'builtin'), machine)).toEqual([]);
    });
  }

  const X86 = '"architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]';
  const argument = (index: number, op: string, value: string, valueTwo = '0') =>
    `{"index": ${index}, "op": "SCMP_CMP_${op}", "value": ${value}, "valueTwo": ${valueTwo}}`;
  const rule = (names: string, action: string, ...args: string[]) =>
    `{"names": ["${names.replaceAll(' ', '", "')}"], "action": "SCMP_ACT_${action}", "args": [${args.join(', ')}]}`;
  const VALUES = ['0', '1', '4294967295', '4294967296', '18446744069414584321', '18446744073709551615'];
  const custom: readonly [string, string][] = [
    ['no rule at all', `{"defaultAction": "SCMP_ACT_LOG", ${X86}}`],
    [
      'a list of what is denied',
      `{"defaultAction": "SCMP_ACT_ALLOW", ${X86}, "syscalls": [${rule('mount ptrace connect', 'KILL_PROCESS')}]}`,
    ],
    [
      'its own architecture alone, unlisted',
      `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [${rule('read write', 'ALLOW')}]}`,
    ],
    [
      'its own architecture alone, listed',
      `{"defaultAction": "SCMP_ACT_TRAP", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [${rule('read write', 'ALLOW')}]}`,
    ],
    [
      'only another architecture listed',
      `{"defaultAction": "SCMP_ACT_KILL", "architectures": ["SCMP_ARCH_X86"], "syscalls": [${rule('read statx', 'ALLOW')}]}`,
    ],
    [
      'calls behind socketcall and ipc',
      `{"defaultAction": "SCMP_ACT_ERRNO", ${X86}, "syscalls": [${rule('read connect accept send semop shmat', 'ALLOW')}, ${rule('socket', 'ALLOW', argument(0, 'EQ', '2'))}, ${rule('bind', 'ALLOW', argument(1, 'EQ', '7'), argument(2, 'LT', '9'))}]}`,
    ],
    [
      'nothing but what is behind socketcall',
      `{"defaultAction": "SCMP_ACT_ERRNO", ${X86}, "syscalls": [${rule('socket bind', 'ALLOW')}]}`,
    ],
    [
      'a rule without conditions after one with',
      `{"defaultAction": "SCMP_ACT_ERRNO", ${X86}, "syscalls": [${rule('read', 'TRAP', argument(0, 'EQ', '1'))}, ${rule('read', 'ALLOW')}, ${rule('read', 'LOG')}]}`,
    ],
    [
      'a rule that says what the default says',
      `{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, ${X86}, "syscalls": [${rule('read', 'ERRNO')}, ${rule('read close', 'ALLOW')}]}`,
    ],
    [
      'several conditions on one argument',
      `{"defaultAction": "SCMP_ACT_ERRNO", ${X86}, "syscalls": [${rule('lseek', 'ALLOW', argument(1, 'GE', '10'), argument(1, 'LE', '4'), argument(2, 'EQ', '3'))}]}`,
    ],
    [
      'a mask of nothing',
      `{"defaultAction": "SCMP_ACT_ERRNO", ${X86}, "syscalls": [${rule('lseek', 'ALLOW', argument(1, 'MASKED_EQ', '0', '5'))}, ${rule('dup2', 'ALLOW', argument(0, 'MASKED_EQ', '240', '15'))}]}`,
    ],
    ...['NE', 'LT', 'LE', 'EQ', 'GE', 'GT', 'MASKED_EQ'].flatMap((op) =>
      VALUES.map((value): [string, string] => [
        `${op} ${value}`,
        `{"defaultAction": "SCMP_ACT_ERRNO", ${X86}, "syscalls": [${rule('lseek', 'ALLOW', argument(1, op, value, '4294967295'))}]}`,
      ]),
    ),
    [
      'two arguments at once',
      `{"defaultAction": "SCMP_ACT_ERRNO", ${X86}, "syscalls": [${rule('lseek', 'ALLOW', argument(0, 'GT', '3'), argument(2, 'MASKED_EQ', '255', '1'))}, ${rule('lseek', 'ALLOW', argument(0, 'EQ', '1'), argument(1, 'NE', '4294967296'))}]}`,
    ],
  ];
  // One rule for a name: where several overlap, libseccomp 2.5 forgets some (GE 2, and LE with a second argument).
  it('random profiles', () => {
    const random = seeded(3);
    for (let round = 0; round < 60; round++) {
      expect(differences(randomProfile(random, 1), 'x64'), `round ${round}`).toEqual([]);
    }
  });

  it.each(custom)('%s', (title, text) => {
    const facts = { capabilities: [], architecture: 'x64', kernel: { major: 6, minor: 18 } } as const;
    expect(differences(resolveProfile(parseProfile(text, title), facts, title), 'x64')).toEqual([]);
  });
});

describe('the kernel', () => {
  it('takes the programs and gives them back as they are', async () => {
    const facts = { capabilities: [], architecture: 'x64', kernel: { major: 6, minor: 18 } } as const;
    const program = compileProfile(resolveProfile(builtinProfile(), facts, 'builtin'), 'x64', 'builtin');
    const file = join(directory, 'program');
    writeFileSync(file, program);
    const child = spawn(
      builtProgram('with-filter'),
      [file, 'sh', '-c', 'echo ready; mount -t tmpfs none /mnt; cat'],
      {
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    try {
      await once(child.stdout, 'data');
      expect(Buffer.from(attachedFilter(child.pid ?? 0)).equals(program)).toBe(true);
    } finally {
      child.stdin.end();
    }
    expect(await text(child.stderr)).toMatch(/denied|not permitted/);
  });

  it('says that a process without a filter has none', () => {
    expect(attachedFilter(process.ppid).length).toBe(0);
  });
});

/** Calls whose verdict is another one, for all numbers and for arguments around the values that the profile compares. */
function differences(full: ResolvedProfile, machine: Machine): string[] {
  const profile = knownPart(full);
  const ours = compileProfile(profile, machine, 'test');
  const theirs = exported(profile, machine);
  const found: string[] = [];
  for (const { name, profile: architecture, audit } of ABIS.filter((abi) => abi.machine === machine)) {
    const base = name === 'x32' ? 0x40000000 : 0;
    const listed = profile.architectures.includes(architecture);
    const highest = listed && !PASSING.includes(profile.defaultAction) ? highestNumber(profile, name) : 0;
    const samples = argumentSamples(profile);
    const numbers = [...Array(600).keys(), 0xf0001, 0xf0005, 0xf0006, 0xf0007, 0x3fffffff].map(
      (n) => base + n,
    );
    // -1 has the bit of x32.
    for (const number of name === 'x86_64' ? numbers : [...numbers, 0xffffffff]) {
      const beyond = highest > 0 && number > highest;
      for (const args of samples.get(nameOf(name, number)) ?? samples.get('') ?? []) {
        const call = { number, arch: audit, args };
        const expected = beyond ? ENOSYS : runFilter(theirs, call);
        const answer = runFilter(ours, call);
        if (answer === expected) continue;
        found.push(
          `${name} ${number.toString(16)} ${args}: ${answer.toString(16)}, not ${expected.toString(16)}`,
        );
      }
    }
  }
  const elsewhere = { number: 0, arch: 0xc00000f3 };
  if (runFilter(ours, elsewhere) !== runFilter(theirs, elsewhere)) found.push('another architecture');
  return found;
}

/** The rules for names that this libseccomp knows, on x32 as well, where the kernel has had map_shadow_stack since. */
function knownPart(profile: ResolvedProfile): ResolvedProfile {
  const isKnown = (name: string) => known.get('x86_64')?.has(name) && name !== 'map_shadow_stack';
  return {
    ...profile,
    syscalls: profile.syscalls.map((rule) => ({ ...rule, names: rule.names.filter(isKnown) })),
  };
}

/** libseccomp's program, from rules as runc hands them over (libcontainer/seccomp/seccomp_linux.go). */
function exported(profile: ResolvedProfile, machine: Machine): Uint8Array {
  const otherwise = action(profile.defaultAction, profile.defaultErrnoRet);
  const listed = ABIS.filter((abi) => profile.architectures.includes(abi.profile)).map(({ name }) => name);
  const lines = [`default ${otherwise}`];
  for (const name of new Set([OWN[machine], ...listed])) lines.push(`arch ${name}`);
  if (OWN[machine] !== OWN.x64) lines.push('only');
  for (const { names, action: verdict, errnoRet, args = [] } of profile.syscalls) {
    const answer = action(verdict, errnoRet);
    if (answer === otherwise) continue;
    const conditions = args.map((a) => `${a.index} ${OPERATORS.indexOf(a.op)} ${a.value} ${a.valueTwo}`);
    const apart = new Set(args.map(({ index }) => index)).size < args.length;
    for (const name of names) {
      for (const list of apart ? conditions.map((condition) => [condition]) : [conditions]) {
        lines.push(['rule', answer, name, ...list].join(' '));
      }
    }
  }
  return execFileSync(libseccomp, ['export'], { input: `${lines.join('\n')}\n` });
}

function action(name: string, errno = 1): number {
  return (ACTIONS[name] ?? 0) + (/ERRNO|TRACE/.test(name) ? errno : 0);
}

/** What runc compares numbers with before libseccomp's program (libcontainer/seccomp/patchbpf/enosys_linux.go). */
function highestNumber(profile: ResolvedProfile, abi: string): number {
  const numbers = profile.syscalls.flatMap(({ names }) =>
    names.map((name) => known.get(abi)?.get(name) ?? -1),
  );
  return Math.max(0, ...numbers);
}

function nameOf(abi: string, number: number): string {
  for (const [name, value] of known.get(abi) ?? []) if (value === number) return name;
  return '';
}

/** Lists of arguments by system call; under the empty name those for calls that no rule looks into. */
function argumentSamples(profile: ResolvedProfile): Map<string, bigint[][]> {
  const anything = [[], [1n, 2n, 3n, 4n, 5n, 6n], [2n ** 64n - 1n, 2n ** 32n, 0n, 7n, 9n, 1n << 63n]];
  const samples = new Map([['', anything]]);
  const compared = profile.syscalls.flatMap(({ args = [] }) => args);
  const values = [...new Set(compared.flatMap(({ value, valueTwo }) => around(value, valueTwo)))];
  const every = [0, 1, 2].flatMap((index) =>
    values.flatMap((value) =>
      [0n, 1n, 4n, 7n].map((rest) => Object.assign(Array<bigint>(6).fill(rest), { [index]: value })),
    ),
  );
  const looked = profile.syscalls.filter(({ args = [] }) => args.length > 0).flatMap(({ names }) => names);
  for (const name of [...looked, 'socketcall', 'ipc']) {
    samples.set(name, [...anything, ...every, ...Array.from({ length: 25 }, (_, n) => [BigInt(n), 7n, 3n])]);
  }
  return samples;
}

function around(value: bigint, other: bigint): bigint[] {
  const near = [
    value - 1n,
    value,
    value + 1n,
    value ^ (1n << 32n),
    value ^ (1n << 63n),
    other,
    value & other,
  ];
  return [0n, (1n << 32n) - 1n, 1n << 32n, (1n << 64n) - 1n, ...near].map((n) => BigInt.asUintN(64, n));
}
