import type { Reference } from '../../image/reference.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { RegistryUploads } from '../../registry/upload.ts';
import type { Context } from '../store/context.ts';
import { repositoriesWith } from '../store/images.ts';
import type { Workspace } from '../store/workspace.ts';
import type { PushedLayer, PushProgress } from './push-progress.ts';
import { Slots } from './slots.ts';

/** What all that is pushed in one go has in common. */
export interface Push {
  context: Context;
  workspace: Workspace;
  uploads: RegistryUploads;
  progress: PushProgress;
  signal: AbortSignal | undefined;
}

const UPLOADS = 3;

/** Does something for each item, some of them at a time. The first failure ends the others, and is thrown. */
export async function sideBySide<Item, Result>(
  { signal }: Push,
  items: readonly Item[],
  work: (item: Item, index: number, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const abort = new AbortController();
  const either = signal === undefined ? abort.signal : AbortSignal.any([signal, abort.signal]);
  const slots = new Slots(UPLOADS);
  const results = await Promise.allSettled(
    items.map(async (item, index) => {
      await slots.take();
      try {
        either.throwIfAborted();
        return await work(item, index, either);
      } catch (error) {
        abort.abort(error);
        throw error;
      } finally {
        slots.release();
      }
    }),
  );
  if (abort.signal.aborted) throw abort.signal.reason;
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

/** Brings a blob to the registry: from another repository of it where one is known to have it. */
export async function pushBlob(
  { context, uploads }: Push,
  { domain, path, ...reference }: Reference,
  {
    descriptor,
    open,
    line,
    signal,
  }: {
    descriptor: Descriptor;
    open: () => AsyncIterable<Uint8Array>;
    line: PushedLayer;
    signal: AbortSignal;
  },
): Promise<void> {
  const from = repositoryWith(context, { domain, path }, descriptor);
  const became = await uploads.blob(
    { domain, path, ...reference },
    { descriptor, open, from, onProgress: (bytes) => line.pushing(bytes, descriptor.size), signal },
  );
  if (became === 'exists') line.exists();
  else if (became === 'mounted') line.mounted(from ?? '');
  else line.done();
}

/** Whether the registry has a blob of which there are no bytes here, in the repository that is written to or in another one. */
export async function isAtRegistry(
  { context, uploads, signal }: Push,
  { domain, path }: Reference,
  descriptor: Descriptor,
): Promise<boolean> {
  const from = repositoryWith(context, { domain, path }, descriptor);
  return await uploads.takeOver({ domain, path }, { descriptor, from, signal });
}

/** Another repository of the registry that has a blob, as far as is known here. */
function repositoryWith(
  { database }: Context,
  { domain, path }: Pick<Reference, 'domain' | 'path'>,
  { digest }: Descriptor,
): string | undefined {
  return repositoriesWith(database, domain, digest).find((other) => other !== path);
}
