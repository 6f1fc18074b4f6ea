import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { randomHex } from '../../host/random.ts';
import { digestOf, hexOf } from '../../oci/digest.ts';
import { capabilityMask } from '../spec/capabilities.ts';
import { atLeast, type KernelVersion, SPEC_ALLOW_SINCE } from './kernel.ts';

export interface SeccompRequest {
  /** The directory where compiled programs are kept; made (mode 0700) when missing. */
  directory: string;
  /** Docker's profile, or one from a file: its JSON, and what the user knows it as. */
  profile: 'builtin' | { profile: string; source: string };
  /** The container's bounding set: `CAP_CHOWN`. */
  capabilities: readonly string[];
  architecture: 'x64' | 'arm64';
  kernel: KernelVersion;
  /** Changes whenever the compiler or its data do (`seccompRevision` of host/assets.ts). */
  revision: string;
}

export interface SeccompProgram {
  /** An array of struct sock_filter, for the plan. */
  file: string;
  /** `log`, `spec-allow`: flags of seccomp(2). */
  flags: string[];
  /** The resolved profile as JSON: `linux.seccomp` of config.json. */
  specFile: string;
}

/** Kernels at which the builtin profile or its flags change. */
export const KERNEL_STEPS: readonly KernelVersion[] = [{ major: 4, minor: 8 }, SPEC_ALLOW_SINCE];

const FLAG_WORDS: Readonly<Record<string, string>> = {
  SECCOMP_FILTER_FLAG_LOG: 'log',
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 'spec-allow',
};

/**
 * The compiled program of a profile. When it was made before, this looks at two files; otherwise profile, tables
 * and compiler are loaded, and both files made, each appearing whole.
 * Throws `invalid` and `unsupported` for a profile that cannot be used, naming its source and the place in it.
 */
export async function seccompProgram(request: SeccompRequest): Promise<SeccompProgram> {
  const name =
    request.profile === 'builtin' ? builtinName(request) : customName(request, request.profile.profile);
  const file = `${request.directory}/${name}.bpf`;
  const specFile = `${request.directory}/${name}.json`;
  if (!isWhole(file) || !isWhole(specFile)) {
    const { buildProgram } = await import('./build.ts');
    const { program, spec } = buildProgram(request.profile, request);
    mkdirSync(request.directory, { recursive: true, mode: 0o700 });
    writeWhole(specFile, spec);
    writeWhole(file, program);
  }
  return { file, specFile, flags: flagsOf(request, specFile) };
}

/**
 * Returns the name of the builtin profile's program: it tells all that the program depends on, and costs nothing to put
 * together.
 */
function builtinName({ revision, capabilities, architecture, kernel }: SeccompRequest): string {
  const steps = KERNEL_STEPS.filter((step) => atLeast(kernel, step)).length;
  return `builtin-${architecture}-${capabilityMask(capabilities)}-${steps}-${revision.slice(0, 16)}`;
}

function customName(request: SeccompRequest, profile: string): string {
  const { revision, capabilities, architecture, kernel } = request;
  const circumstances = [revision, architecture, capabilityMask(capabilities), kernel.major, kernel.minor];
  return hexOf(digestOf(`${circumstances.join(' ')}\n${profile}`));
}

/**
 * Returns the flags of the filter. The builtin profile leaves them to the kernel; what another one says is written in
 * its resolved form.
 */
function flagsOf({ profile, kernel }: SeccompRequest, specFile: string): string[] {
  if (profile === 'builtin') return atLeast(kernel, SPEC_ALLOW_SINCE) ? ['spec-allow'] : [];
  const { flags }: { flags: string[] } = JSON.parse(readFileSync(specFile, 'utf8'));
  return flags.flatMap((flag) => FLAG_WORDS[flag] ?? []);
}

/** A file that was made just before the power failed may be there without its content. */
function isWhole(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** Makes a file appear with all of its content, whatever else makes it at the same time. */
function writeWhole(path: string, content: Uint8Array | string): void {
  const draft = `${path}.${randomHex(4)}`;
  writeFileSync(draft, content, { mode: 0o600, flag: 'wx' });
  renameSync(draft, path);
}
