import { readFileSync } from 'node:fs';
import { seccompRevision } from '../../host/assets.ts';
import { kernelVersion } from '../../host/kernel.ts';
import type { RuntimeSpec } from '../../oci/runtime-config.ts';
import type { ContainerOptions } from '../../runtime/options.ts';
import { type SeccompProgram, seccompProgram } from '../../runtime/seccomp/program.ts';
import { isFilteredByDefault } from '../../runtime/spec/spec.ts';
import type { CreateOptions } from '../options/create.ts';
import type { Context } from '../store/context.ts';

/** A compiled program with the text of `linux.seccomp` of config.json. */
export interface PreparedSeccomp extends Pick<SeccompProgram, 'file' | 'flags'> {
  text: string;
}

/**
 * The program that filters a container's system calls, compiled unless it was before; undefined: they are not
 * filtered. Throws `invalid` and `unsupported` for a profile that cannot be used.
 */
export async function prepareSeccomp(
  { paths }: Context,
  { security }: CreateOptions,
  { runtime, spec }: { runtime: ContainerOptions; spec: RuntimeSpec },
): Promise<PreparedSeccomp | undefined> {
  const profile = security.seccomp ?? (isFilteredByDefault(runtime) ? 'builtin' : 'unconfined');
  if (profile === 'unconfined') return undefined;
  const { file, flags, specFile } = await seccompProgram({
    directory: paths.seccomp,
    profile,
    capabilities: spec.process.capabilities.bounding,
    architecture: process.arch === 'arm64' ? 'arm64' : 'x64',
    kernel: kernelVersion(),
    revision: seccompRevision(),
  });
  return { file, flags, text: readFileSync(specFile, 'utf8') };
}
