import { posix } from 'node:path';
import { EngineError } from '../../errors.ts';
import type { ExecutionConfig, ImageConfig } from '../../oci/image-config.ts';
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
  const ownEntrypoint = options.entrypoint !== undefined;
  const entrypoint = options.entrypoint ?? config.Entrypoint ?? [];
  const argv = [...entrypoint, ...commandOf(options, config)];
  if (argv.length === 0 || argv[0] === '') {
    const why =
      rootfs !== undefined
        ? `there is no image that could name one for ${imageName}`
        : ownEntrypoint && (config.Cmd ?? []).length > 0
          ? `the given entrypoint sets that of image ${imageName} aside`
          : `image ${imageName} names none either`;
    throw new EngineError('invalid', `no command specified: ${why}`, {
      subject: imageName,
      failure: 'noCommand',
      remedy:
        rootfs === undefined
          ? `name one after the image: skiff run ${imageName} COMMAND`
          : `name one after the directory: skiff run --rootfs ${imageName} COMMAND`,
    });
  }
  return {
    argv,
    env: mergeEnvironment(config.Env ?? [], options.env ?? []),
    cwd: workingDirectory(options, config) || '/',
    user: options.user ?? config.User ?? '',
  };
}

/** The words after the entrypoint: those of the user, else the image's, which an entrypoint of the user drops. */
export function commandOf(
  { command = [], entrypoint, keepsCommand }: ProcessOptions,
  image: ExecutionConfig,
): string[] {
  const own = command.length > 0 || (entrypoint !== undefined && keepsCommand !== true);
  return own ? command : (image.Cmd ?? []);
}

/** Without `.`, `..` and needless slashes, of which links know nothing: so Docker has it. */
export function workingDirectory({ cwd }: ProcessOptions, image: ExecutionConfig): string | undefined {
  const path = cwd ?? image.WorkingDir;
  return path && posix.normalize(path).replace(/(.)\/$/, '$1');
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
