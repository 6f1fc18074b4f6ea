import { EngineError } from '../../errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { BlobStore } from '../../storage/blob-store.ts';
import type { PullProgress } from './pull-progress.ts';
import { Slots } from './slots.ts';
import type { OpenBlob, RefuseBlob } from './unpack-layers.ts';

const DOWNLOADS = 3;

/** Where blobs come from; see `LayerSources`. */
interface BlobSource {
  open: OpenBlob;
  refuse?: RefuseBlob | undefined;
}

/**
 * Brings blobs into the store that are not here, side by side, and verified; they stay as they are. The first failure aborts
 * the rest and is thrown once all have come to rest.
 */
export async function fetchBlobs(
  blobs: BlobStore,
  wanted: readonly Descriptor[],
  {
    open,
    refuse,
    progress,
    signal,
  }: BlobSource & { progress: PullProgress; signal: AbortSignal | undefined },
): Promise<void> {
  const abort = new AbortController();
  const either = signal === undefined ? abort.signal : AbortSignal.any([signal, abort.signal]);
  const slots = new Slots(DOWNLOADS);
  const missing = wanted.filter(({ digest }) => !blobs.has(digest));
  const lines = missing.map(({ digest }) => progress.layer(digest));
  const tasks = missing.map(async (descriptor, index) => {
    const { size } = descriptor;
    lines[index]?.downloading(0, size);
    await slots.take();
    try {
      either.throwIfAborted();
      let current = 0;
      const onChunk = (bytes: number): void => {
        current += bytes;
        lines[index]?.downloading(current, size);
      };
      await fromAnywhere(descriptor, refuse, async () => {
        current = 0;
        await blobs.write(descriptor, open(descriptor, either), { signal: either, onChunk });
      });
      lines[index]?.downloaded();
      lines[index]?.done();
    } catch (error) {
      abort.abort(error);
    } finally {
      slots.release();
    }
  });
  await Promise.all(tasks);
  abort.signal.throwIfAborted();
}

/** Reads a blob again as long as what was wrong with it may come of the place that it came from. */
async function fromAnywhere(
  descriptor: Descriptor,
  refuse: RefuseBlob | undefined,
  read: () => Promise<void>,
): Promise<void> {
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const isDamage = error instanceof EngineError && error.kind === 'invalid';
      if (!isDamage || refuse?.(descriptor, error) !== true) throw error;
    }
  }
}
