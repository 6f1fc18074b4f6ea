import { rmdirSync } from 'node:fs';
import { sweepTemporary, TemporaryDirectory } from '../../host/temporary.ts';
import { BlobStore } from '../../storage/blob-store.ts';
import { LayerStore } from '../../storage/layer/store.ts';
import type { Trash } from '../../storage/trash.ts';
import type { Context } from './context.ts';
import { trashOf } from './trash.ts';

/** The stores, and room for what is half done. */
export interface Workspace {
  blobs: BlobStore;
  layers: LayerStore;
  /** A directory for what is half done, on the file system of the store. */
  tmp(): string;
}

/**
 * Gives `body` the stores with a temporary directory below them. What is in there afterwards, because `body` failed,
 * is deleted, and so is what processes that were killed have left.
 */
export async function inWorkspace<T>(
  context: Context,
  body: (workspace: Workspace) => Promise<T>,
): Promise<T> {
  const { paths } = context;
  // Opened first: it makes the store, or says what is wrong with it.
  void context.database;
  sweepTemporary(paths.tmp, paths.trash);
  const tmp = new TemporaryDirectory(paths.tmp);
  const cleanUp = async () => {
    const trash = trashOf(context);
    discard(tmp.made(), trash);
    await trash.empty();
  };
  let result: T;
  try {
    result = await body({
      blobs: new BlobStore({ blobs: paths.blobs, tmp: () => tmp.path() }),
      layers: new LayerStore({
        layers: paths.layers,
        tmp: () => tmp.path(),
        async isWhole() {
          const { decideStorageDriver } = await import('./storage-driver.ts');
          return (await decideStorageDriver(context)) === 'copy';
        },
      }),
      tmp: () => tmp.path(),
    });
  } catch (error) {
    // What hinders this, too, as a full disk does, is not what the user has to hear; the next command does it.
    await cleanUp().catch(() => {});
    throw error;
  }
  await cleanUp();
  return result;
}

/** Removes a temporary directory, which as a rule is empty by now. */
function discard(directory: string | undefined, trash: Trash): void {
  if (directory === undefined) return;
  try {
    rmdirSync(directory);
  } catch {
    trash.take(directory);
  }
}
