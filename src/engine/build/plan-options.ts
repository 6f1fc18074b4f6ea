import { hostPlatform, parsePlatform } from '../../image/platform.ts';
import type { Platform } from '../../oci/platform.ts';
import type { BuildOptions } from './options.ts';

/** What the stages of a Dockerfile are planned by, for one of its platforms: the options of its build, and this machine. */
export function planOptions(
  {
    target,
    buildArgs = {},
    platforms = [],
    contexts,
  }: Pick<BuildOptions, 'target' | 'buildArgs' | 'platforms' | 'contexts'>,
  platform: Platform = platforms[0] ?? hostPlatform(),
) {
  return {
    target,
    buildArgs,
    platform,
    buildPlatform: hostPlatform(),
    contexts: [...(contexts?.keys() ?? [])],
    parsePlatform,
  };
}
