import { EngineError } from '../../errors.ts';
import type { ImageConfig } from '../../oci/image-config.ts';
import type { ProcessConfig } from '../../runtime/options.ts';
import type { CreateOptions, ProcessOptions } from './create.ts';

/**
 * Merges as Docker does: a given entrypoint drops the image's command, a given command replaces it, later
 * environment entries win. Throws `invalid` when nothing is left to execute.
 */
export function mergeProcess(
  image: ImageConfig,
  options: ProcessOptions,
  { image: imageName, rootfs }: Pick<CreateOptions, 'image' | 'rootfs'>,
): ProcessConfig {
  const { config } = image;
  const { command: words = [] } = options;
  const ownEntrypoint = options.entrypoint !== undefined;
  const entrypoint = options.entrypoint ?? config.Entrypoint ?? [];
  const command = words.length > 0 || ownEntrypoint ? words : (config.Cmd ?? []);
  const argv = [...entrypoint, ...command];
  if (argv.length === 0 || argv[0] === '') {
    const why =
      rootfs !== undefined
        ? `there is no image that could name one for ${imageName}`
        : ownEntrypoint && (config.Cmd ?? []).length > 0
          ? `the given entrypoint sets that of image ${imageName} aside`
          : `image ${imageName} names none either`;
    throw new EngineError('invalid', `no command specified: ${why}`, {
      subject: imageName,
      hint:
        rootfs === undefined
          ? `name one after the image: skiff run ${imageName} COMMAND`
          : `name one after the directory: skiff run --rootfs ${imageName} COMMAND`,
    });
  }
  return {
    argv,
    env: mergeEnvironment(config.Env ?? [], options.env ?? []),
    cwd: options.cwd ?? (config.WorkingDir || '/'),
    user: options.user ?? config.User ?? '',
  };
}

/**
 * Later entries replace earlier ones with the same key, which keep their place. A key without a value stays: it takes
 * away whatever would be set at the start.
 */
export function mergeEnvironment(...lists: readonly (readonly string[])[]): string[] {
  const merged = new Map<string, string>();
  for (const entry of lists.flat()) merged.set(entry.slice(0, indexOfEquals(entry)), entry);
  return [...merged.values()];
}

function indexOfEquals(entry: string): number {
  const index = entry.indexOf('=');
  return index < 0 ? entry.length : index;
}
