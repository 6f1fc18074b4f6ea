import { hostPlatform, parsePlatform } from '../../image/platform.ts';
import type { BuildOptions } from './options.ts';

/** What the stages of a Dockerfile are planned by: the options of its build, and this machine. */
export function planOptions({
  target,
  buildArgs = {},
  platform = hostPlatform(),
  contexts,
}: Pick<BuildOptions, 'target' | 'buildArgs' | 'platform' | 'contexts'>) {
  return {
    target,
    buildArgs,
    platform,
    buildPlatform: hostPlatform(),
    contexts: [...(contexts?.keys() ?? [])],
    parsePlatform,
  };
}
