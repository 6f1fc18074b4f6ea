import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { withLock } from '../../host/lock.ts';
import { writeOwnFile } from '../../host/own-file.ts';
import { type Looks, THIS_HOST } from '../../host/probe.ts';
import { type ProgramResult, runProgram } from '../../host/run-program.ts';
import { PROFILE_FEATURES, profileText } from '../../runtime/spec/apparmor-profile.ts';
import { readAppArmor } from '../../runtime/spec/host-facts.ts';
import type { AppArmorState } from '../../runtime/spec/lsm.ts';
import { OWN_PROFILE } from '../../runtime/spec/lsm.ts';
import type { Context } from '../store/context.ts';
import { inWorkspace } from '../store/workspace.ts';

/** The directories where distributions put apparmor_parser; not every PATH leads there. */
const PARSER_DIRECTORIES = ['/usr/sbin', '/sbin', '/usr/bin'];

/** The path of the host's compiler of profiles; undefined: it has none. */
export function findProfileParser({ exists }: Pick<Looks, 'exists'> = THIS_HOST): string | undefined {
  return PARSER_DIRECTORIES.map((directory) => `${directory}/apparmor_parser`).find(exists);
}

/**
 * Gives the kernel skiff's AppArmor profile, unless another skiff has just done so or the host has nothing to compile it
 * with, and returns what containers find then. A preview loads nothing. Throws `unavailable` when the profile cannot be loaded: a container would
 * run without what it was promised.
 */
export async function loadOwnProfile(context: Context): Promise<AppArmorState> {
  const parser = findProfileParser();
  if (parser === undefined) return readAppArmor();
  if (context.isPreview) return 'own';
  return await withLock(context.helper, join(context.paths.locks, 'apparmor'), async () => {
    const state = readAppArmor();
    if (state === 'own') return state;
    const { code, stderr } = await inWorkspace(context, ({ tmp }) => compile(parser, tmp()));
    if (code === 0) return readAppArmor();
    throw new EngineError('unavailable', `cannot load the AppArmor profile "${OWN_PROFILE}": ${stderr}`, {
      subject: OWN_PROFILE,
      hint: '--security-opt apparmor=unconfined runs a container without one, apparmor=NAME under another',
    });
  });
}

/** Compiles the profile and loads it into the kernel. Skips the cache: skiff's name is not known to the host's. */
async function compile(parser: string, directory: string): Promise<ProgramResult> {
  const [profile, features] = [join(directory, 'profile'), join(directory, 'features')];
  writeOwnFile(profile, profileText(OWN_PROFILE), 0o600);
  writeOwnFile(features, PROFILE_FEATURES, 0o600);
  return await runProgram(parser, ['--replace', '--skip-cache', '--policy-features', features, profile]);
}
