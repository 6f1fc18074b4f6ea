import {
  ALWAYS,
  BY_CAPABILITY,
  BY_MACHINE,
  FAMILIES,
  FAMILIES_BELOW,
  NEW_NAMESPACES,
  PERSONALITIES,
  SINCE_4_8,
} from './default-rules.ts';
import type { Argument, Conditions, Operator, Profile, ProfileRule } from './profile.ts';

const EPERM = 1;
const ENOSYS = 38;
const S390 = 's390 s390x';

/** Docker's default profile: what is not allowed is EPERM. */
export function builtinProfile(): Profile {
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: EPERM,
    architectures: [],
    archMap: [
      { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
      { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
    ],
    syscalls: [
      allow(ALWAYS.join(' ')),
      allow(SINCE_4_8, { includes: when({ minKernel: { major: 4, minor: 8 } }) }),
      allow('socket', { args: [compare(0, 'SCMP_CMP_LT', FAMILIES_BELOW)] }),
      ...FAMILIES.map((family) => allow('socket', { args: [compare(0, 'SCMP_CMP_EQ', family)] })),
      ...PERSONALITIES.map((value) => allow('personality', { args: [compare(0, 'SCMP_CMP_EQ', value)] })),
      ...BY_MACHINE.map(({ arches, names }) => allow(names, { includes: when({ arches: words(arches) }) })),
      ...Object.entries(BY_CAPABILITY).map(([cap, names]) =>
        allow(names, { includes: when({ caps: [cap] }) }),
      ),
      ...withoutNamespaces(),
    ],
  };
}

/**
 * Returns the rules by which a clone without CAP_SYS_ADMIN makes no namespaces. The flags of clone3 lie in memory,
 * where no filter looks: it does not exist, and libraries take clone.
 */
function withoutNamespaces(): ProfileRule[] {
  const caps = ['CAP_SYS_ADMIN'];
  const flagsAt = (index: number) => [compare(index, 'SCMP_CMP_MASKED_EQ', NEW_NAMESPACES)];
  return [
    allow('clone', { args: flagsAt(0), excludes: when({ caps, arches: words(S390) }) }),
    allow('clone', {
      args: flagsAt(1),
      includes: when({ arches: words(S390) }),
      excludes: when({ caps }),
    }),
    { ...allow('clone3', { excludes: when({ caps }) }), action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
  ];
}

function allow(names: string, rule: Partial<ProfileRule> = {}): ProfileRule {
  return {
    names: words(names),
    action: 'SCMP_ACT_ALLOW',
    args: [],
    includes: when({}),
    excludes: when({}),
    ...rule,
  };
}

function when(conditions: Partial<Conditions>): Conditions {
  return { caps: [], arches: [], ...conditions };
}

function compare(index: number, op: Operator, value: number): Argument {
  return { index, op, value: BigInt(value), valueTwo: 0n };
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
