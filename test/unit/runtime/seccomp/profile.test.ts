import { describe, expect, it } from 'vitest';
import { EngineError } from '../../../../src/errors.ts';
import { parseProfile } from '../../../../src/runtime/seccomp/profile.ts';
import { type Circumstances, resolveProfile, specText } from '../../../../src/runtime/seccomp/resolve.ts';

const HERE: Circumstances = {
  capabilities: ['CAP_CHOWN', 'CAP_SYSLOG'],
  architecture: 'x64',
  kernel: { major: 5, minor: 10 },
};

function profileOf(members: object): string {
  return JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', ...members });
}

function ruleOf(members: object): string {
  return profileOf({ syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW', ...members }] });
}

function resolved(members: object, facts: Partial<Circumstances> = {}) {
  return resolveProfile(parseProfile(profileOf(members), 'p.json'), { ...HERE, ...facts }, 'p.json');
}

/** Whether a rule with these members counts. */
function counts(members: object, facts: Partial<Circumstances> = {}): boolean {
  const syscalls = [{ names: ['read'], action: 'SCMP_ACT_ALLOW', ...members }];
  return resolved({ syscalls }, facts).syscalls.length === 1;
}

describe('a profile that cannot be used', () => {
  it.each([
    ['not JSON', '{', 'seccomp profile p.json is not JSON'],
    ['no object', '[]', 'p.json must be an object, but is a list'],
    ['no default', '{}', 'p.json: defaultAction must be a string, but is undefined'],
    [
      'an unknown action',
      profileOf({ defaultAction: 'SCMP_ACT_DENY' }),
      'p.json: defaultAction: unknown action "SCMP_ACT_DENY"',
    ],
    [
      'an unknown action of a rule',
      ruleOf({ action: 'ALLOW' }),
      'p.json: syscalls[0].action: unknown action "ALLOW"',
    ],
    [
      'an unknown operator',
      ruleOf({ args: [{ index: 0, value: 1, op: 'SCMP_CMP_IN' }] }),
      'syscalls[0].args[0].op: unknown operator "SCMP_CMP_IN"',
    ],
    [
      'an argument that no call has',
      ruleOf({ args: [{ index: 6, value: 1, op: 'SCMP_CMP_EQ' }] }),
      'syscalls[0].args[0].index is 6',
    ],
    [
      'a negative value',
      ruleOf({ args: [{ index: 0, value: -1, op: 'SCMP_CMP_EQ' }] }),
      'syscalls[0].args[0].value must be a whole number',
    ],
    [
      'an unknown capability',
      ruleOf({ includes: { caps: ['CAP_FLY'] } }),
      'syscalls[0].includes.caps[0]: unknown capability "CAP_FLY"',
    ],
    [
      'a bad kernel',
      ruleOf({ excludes: { minKernel: '4.8.1' } }),
      'syscalls[0].excludes.minKernel "4.8.1" is not a kernel version',
    ],
    ['kernel 0.0', ruleOf({ includes: { minKernel: '0.0' } }), 'minKernel "0.0" is not a kernel version'],
    [
      'a large kernel',
      ruleOf({ includes: { minKernel: '4.256' } }),
      'minKernel "4.256" is not a kernel version',
    ],
    ['a large errno', ruleOf({ errnoRet: 65_536 }), 'syscalls[0].errnoRet is 65536, more than 65535'],
    ['name and names', ruleOf({ name: 'write' }), 'syscalls[0] has both name and names'],
    ['an empty name', ruleOf({ names: ['read', ''] }), 'syscalls[0].names has an empty name'],
    [
      'two lists of architectures',
      profileOf({ architectures: ['SCMP_ARCH_X86'], archMap: [{ architecture: 'SCMP_ARCH_X86' }] }),
      'has both architectures and archMap',
    ],
    [
      'an unknown flag',
      profileOf({ flags: ['SECCOMP_FILTER_FLAG_FAST'] }),
      'flags[0]: unknown flag "SECCOMP_FILTER_FLAG_FAST"',
    ],
  ])('is refused: %s', (_, text, message) => {
    expect(() => parseProfile(text, 'p.json')).toThrow(expect.objectContaining({ kind: 'invalid' }));
    expect(() => parseProfile(text, 'p.json')).toThrow(message);
  });

  it('is refused: a value of more than 64 bits', () => {
    const text = ruleOf({ args: [{ index: 0, value: 7, op: 'SCMP_CMP_EQ' }] }).replace('7', `${2n ** 64n}`);
    expect(() => parseProfile(text, 'p.json')).toThrow(
      'args[0].value is 18446744073709551616, more than 64 bits',
    );
  });

  it('is refused: an architecture that nobody knows', () => {
    expect(() => resolved({ architectures: ['SCMP_ARCH_Z80'] })).toThrow(EngineError);
    expect(() => resolved({ architectures: ['X86_64'] })).toThrow('p.json: unknown architecture "X86_64"');
  });

  it.each([
    profileOf({ listenerPath: '/run/agent.sock' }),
    profileOf({ defaultAction: 'SCMP_ACT_NOTIFY' }),
    ruleOf({ action: 'SCMP_ACT_NOTIFY' }),
  ])('is not supported when it asks another program: %s', (text) => {
    expect(() => parseProfile(text, 'p.json')).toThrow(expect.objectContaining({ kind: 'unsupported' }));
  });
});

describe('a profile', () => {
  it('may hold what Go writes for nothing, and what only Docker reads', () => {
    const text = ruleOf({ comment: 'x', args: null, includes: {}, excludes: null, name: '' });
    expect(parseProfile(text, 'p.json').syscalls).toHaveLength(1);
    expect(parseProfile(profileOf({ syscalls: null, archMap: null }), 'p.json').syscalls).toEqual([]);
  });

  it('may name system calls that nobody knows', () => {
    expect(parseProfile(ruleOf({ names: ['read_minds'] }), 'p.json').syscalls[0]?.names).toEqual([
      'read_minds',
    ]);
  });

  it('has the older form of a rule, too', () => {
    expect(parseProfile(ruleOf({ names: [], name: 'write' }), 'p.json').syscalls[0]?.names).toEqual([
      'write',
    ]);
  });

  it('keeps all 64 bits of a value, in its resolved form as well', () => {
    const text = ruleOf({ args: [{ index: 1, value: 7, op: 'SCMP_CMP_EQ' }] }).replace(
      '7',
      '18446744073709551615',
    );
    const profile = parseProfile(text, 'p.json');
    expect(profile.syscalls[0]?.args[0]?.value).toBe(2n ** 64n - 1n);
    expect(specText(resolveProfile(profile, HERE, 'p.json'))).toContain('"value":18446744073709551615');
  });
});

describe('conditions of a rule', () => {
  it('ask for every capability that is included and for none that is excluded', () => {
    expect(counts({ includes: { caps: ['CAP_CHOWN', 'CAP_SYSLOG'] } })).toBe(true);
    expect(counts({ includes: { caps: ['CAP_CHOWN', 'CAP_BPF'] } })).toBe(false);
    expect(counts({ excludes: { caps: ['CAP_CHOWN', 'CAP_BPF'] } })).toBe(false);
    expect(counts({ excludes: { caps: ['CAP_BPF'] } })).toBe(true);
  });

  it('ask for one of the architectures, under the names that Docker has', () => {
    expect(counts({ includes: { arches: ['amd64', 'arm64'] } })).toBe(true);
    expect(counts({ includes: { arches: ['arm64'] } })).toBe(false);
    expect(counts({ includes: { arches: ['arm64'] } }, { architecture: 'arm64' })).toBe(true);
    expect(counts({ excludes: { arches: ['amd64'] } })).toBe(false);
  });

  it('ask for a kernel by its first two numbers', () => {
    expect(counts({ includes: { minKernel: '5.10' } })).toBe(true);
    expect(counts({ includes: { minKernel: '5.11' } })).toBe(false);
    expect(counts({ includes: { minKernel: '4.255' } })).toBe(true);
    expect(counts({ excludes: { minKernel: '5.9' } })).toBe(false);
    expect(counts({ excludes: { minKernel: '6.0' } })).toBe(true);
    expect(counts({ includes: { minKernel: '' } })).toBe(true);
  });
});

describe('a resolved profile', () => {
  const archMap = [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: null },
  ];

  it('has the architectures of the machine', () => {
    expect(resolved({ archMap }).architectures).toEqual(['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86']);
    expect(resolved({ archMap }, { architecture: 'arm64' }).architectures).toEqual(['SCMP_ARCH_AARCH64']);
    expect(resolved({ architectures: ['SCMP_ARCH_S390X'] }).architectures).toEqual(['SCMP_ARCH_S390X']);
  });

  it('leaves speculation alone where the kernel can, unless the profile has flags', () => {
    expect(resolved({}).flags).toEqual(['SECCOMP_FILTER_FLAG_SPEC_ALLOW']);
    expect(resolved({}, { kernel: { major: 4, minor: 16 } }).flags).toEqual([]);
    expect(resolved({ flags: [] }).flags).toEqual([]);
    expect(resolved({ flags: ['SECCOMP_FILTER_FLAG_LOG'] }).flags).toEqual(['SECCOMP_FILTER_FLAG_LOG']);
  });
});
