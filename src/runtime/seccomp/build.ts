import { compileProfile } from './compile.ts';
import { builtinProfile } from './default-profile.ts';
import { parseProfile } from './profile.ts';
import { type Circumstances, resolveProfile, specText } from './resolve.ts';

/** Docker's profile, or one from a file: its JSON, and what the user knows it as. */
export type ProfileChoice = 'builtin' | { profile: string; source: string };

export interface BuiltProgram {
  /** An array of struct sock_filter. */
  program: Uint8Array;
  /** `linux.seccomp` of config.json. */
  spec: string;
}

/** Resolves and compiles a profile; throws `invalid` or `unsupported`, naming the profile and the place in it. */
export function buildProgram(choice: ProfileChoice, circumstances: Circumstances): BuiltProgram {
  const builtin = choice === 'builtin';
  const source = builtin ? 'builtin' : choice.source;
  const profile = builtin ? builtinProfile() : parseProfile(choice.profile, source);
  const resolved = resolveProfile(profile, circumstances, source);
  return {
    program: compileProfile(resolved, circumstances.architecture, source),
    spec: specText(resolved),
  };
}
