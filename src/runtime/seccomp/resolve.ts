import { EngineError } from '../../errors.ts';
import { atLeast, type KernelVersion, SPEC_ALLOW_SINCE } from './kernel.ts';
import type { Action, Argument, Conditions, Flag, Profile } from './profile.ts';
import type { Machine } from './syscalls.ts';

/** The facts that a profile's conditions ask for. */
export interface Circumstances {
  /** The container's bounding set: `CAP_CHOWN`. */
  capabilities: readonly string[];
  architecture: Machine;
  kernel: KernelVersion;
}

/** A profile without conditions: `linux.seccomp` of the OCI runtime spec (config-linux.md, "Seccomp"). */
export interface ResolvedProfile {
  defaultAction: Action;
  defaultErrnoRet?: number | undefined;
  /** The architectures besides the machine's own, which is always meant. */
  architectures: string[];
  flags: Flag[];
  syscalls: ResolvedRule[];
}

export interface ResolvedRule {
  names: string[];
  action: Action;
  errnoRet?: number | undefined;
  args?: Argument[] | undefined;
}

/** Docker's and libseccomp's names of the machines. */
const NAMES = {
  x64: { docker: 'amd64', libseccomp: 'SCMP_ARCH_X86_64' },
  arm64: { docker: 'arm64', libseccomp: 'SCMP_ARCH_AARCH64' },
} as const;

/** The architectures that libseccomp knows; no process of this machine speaks most of them. */
const ARCHITECTURES =
  `X86 X86_64 X32 ARM AARCH64 LOONGARCH64 MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC
  PPC64 PPC64LE RISCV64 S390 S390X`.split(/\s+/);

/**
 * Applies the conditions of a profile as Docker does. The filter keeps the kernel's mitigation of speculative store
 * bypass off where it can (Linux 4.17), as runc does, unless the profile says which flags it wants.
 * Throws `invalid` for an unknown architecture.
 */
export function resolveProfile(
  profile: Profile,
  circumstances: Circumstances,
  source: string,
): ResolvedProfile {
  const { architecture, kernel } = circumstances;
  const own = profile.archMap.find((entry) => entry.architecture === NAMES[architecture].libseccomp);
  const architectures = own ? [own.architecture, ...own.subArchitectures] : profile.architectures;
  for (const name of architectures) checkArchitecture(name, source);
  return {
    defaultAction: profile.defaultAction,
    defaultErrnoRet: profile.defaultErrnoRet,
    architectures,
    flags: profile.flags ?? defaultFlags(kernel),
    syscalls: profile.syscalls
      .filter((rule) => !holdsAny(rule.excludes, circumstances) && holdsAll(rule.includes, circumstances))
      .map(({ names, action, errnoRet, args }) => ({
        names,
        action,
        errnoRet,
        args: args.length > 0 ? args : undefined,
      })),
  };
}

/** The JSON of config.json; numbers of 64 bits are written in full. */
export function specText(profile: ResolvedProfile): string {
  const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
  return JSON.stringify(profile, (_, value: unknown) =>
    typeof value === 'bigint' ? rawJSON(value.toString()) : value,
  );
}

function defaultFlags(kernel: KernelVersion): Flag[] {
  return atLeast(kernel, SPEC_ALLOW_SINCE) ? ['SECCOMP_FILTER_FLAG_SPEC_ALLOW'] : [];
}

function holdsAll({ caps, arches, minKernel }: Conditions, facts: Circumstances): boolean {
  return (
    caps.every((name) => facts.capabilities.includes(name)) &&
    (arches.length === 0 || arches.includes(NAMES[facts.architecture].docker)) &&
    (minKernel === undefined || atLeast(facts.kernel, minKernel))
  );
}

function holdsAny({ caps, arches, minKernel }: Conditions, facts: Circumstances): boolean {
  return (
    caps.some((name) => facts.capabilities.includes(name)) ||
    arches.includes(NAMES[facts.architecture].docker) ||
    (minKernel !== undefined && atLeast(facts.kernel, minKernel))
  );
}

function checkArchitecture(name: string, source: string): void {
  if (name.startsWith('SCMP_ARCH_') && ARCHITECTURES.includes(name.slice('SCMP_ARCH_'.length))) return;
  throw new EngineError('invalid', `seccomp profile ${source}: unknown architecture "${name}"`, {
    subject: name,
  });
}
