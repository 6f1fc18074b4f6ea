import { realpathSync, statSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import { unlessMissing } from '../../host/missing.ts';
import { runProgram } from '../../host/run-program.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RootDirectory } from '../options/create.ts';
import type { Context } from '../store/context.ts';
import type { ImageRow } from '../store/images.ts';
import { canMapOwners } from './idmapped-mounts.ts';

/** What stands in the place of an image for a container without one: no id, no layers, nothing configured. */
export function noImage(): ImageRow {
  const config = JSON.stringify({ config: {}, rootfs: { type: 'layers', diff_ids: [] } });
  return { id: '' as Digest, config, layers: [], size: 0, createdAt: 0 };
}

/**
 * A directory of the host that is to be a container's root, links followed. Throws `notFound` when it is missing, and
 * `invalid` for what is no directory or leads nowhere, for the store's own files and for what has those below it: the host's root does.
 */
export function checkedDirectory({ paths }: Context, { directory, overlay }: RootDirectory): RootDirectory {
  const real = realPathOf(directory);
  if (!statSync(real).isDirectory()) {
    throw new EngineError('invalid', `${directory} is not a directory: it cannot be a root file system`, {
      subject: directory,
      remedy: 'skiff import makes an image of an archive',
    });
  }
  for (const own of [paths.root, paths.run]) {
    const store = unlessMissing(() => realpathSync(own)) ?? own;
    if (isWithin(real, store)) throw inStore(directory, store);
    if (isWithin(store, real)) throw holdsStore(directory, store);
  }
  return { ...(overlay === true ? { overlay } : {}), directory: real };
}

function realPathOf(directory: string): string {
  try {
    return realpathSync(directory);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const hint =
      'name the directory that is to be the root file system: --rootfs DIR, or DIR:O for a layer above it';
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new EngineError('notFound', `no such directory: ${directory}`, { subject: directory, hint });
    throw new EngineError('invalid', `${directory} leads to no directory: ${code}`, {
      subject: directory,
      cause,
      hint,
    });
  }
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

function inStore(directory: string, store: string): EngineError {
  return new EngineError('invalid', `${directory} is part of skiff's own files in ${store}`, {
    subject: directory,
    hint: 'what lies there is changed and removed with containers and images: copy it to another place',
  });
}

function holdsStore(directory: string, store: string): EngineError {
  return new EngineError('invalid', `${directory} cannot be a root file system: skiff's files are in it`, {
    subject: directory,
    hint: `a container could change ${store} and get out of itself; show it parts of the host with -v`,
  });
}

/**
 * Throws `unsupported` where the kernel cannot show the directory, or what is written above it, through the id maps of a
 * user namespace: copies with other owners, as of layers, would not be the directory any more.
 */
export async function requireMappable(
  context: Context,
  { directory, overlay }: RootDirectory,
): Promise<void> {
  const probe = async () => (await runProgram(context.helper, ['probe-idmap', directory])).code === 0;
  if ((await probe()) && (overlay !== true || (await canMapOwners(context)))) return;
  throw new EngineError('unsupported', `the owners of ${directory} cannot be shown through id maps`, {
    subject: directory,
    remedy:
      'its file system or the kernel cannot: leave --userns out, or make an image of it with skiff import',
  });
}
