import { EngineError } from '../../errors.ts';
import { untilAborted } from '../../host/until-aborted.ts';
import { blobsOfIndex } from '../../image/whole-index.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Platform } from '../../oci/platform.ts';
import { decompressAny } from '../../storage/layer/decompress-any.ts';
import { type ImageFiles, openImageDirectory, readImageArchive } from '../../storage/tar/image-files.ts';
import { takeLease } from '../store/blob-leases.ts';
import type { Context } from '../store/context.ts';
import { familiarName } from '../store/images.ts';
import { inWorkspace, type Workspace } from '../store/workspace.ts';
import { type FindLayer, type Offer, offersOf } from './archive-offers.ts';
import { intake } from './intake.ts';
import type { PullProgress } from './pull-progress.ts';

/** Where images are loaded from: the bytes of an archive, plain or compressed, or a directory. */
export type LoadSource = AsyncIterable<Uint8Array> | { directory: string };

export interface LoadOptions {
  /** Which image alone to take where an index offers several; when absent this machine's, with all of the index that is there. */
  platform?: Platform | undefined;
  progress?: PullProgress | undefined;
  signal?: AbortSignal | undefined;
  /** Told of each image once it is here. */
  loaded(image: LoadedImage): void;
}

/** An image that was loaded, and the familiar names that lead to it from now on. */
export interface LoadedImage {
  id: Digest;
  names: string[];
}

/**
 * Brings the images of an archive into the store: of one that `docker save` writes, of an OCI layout (OCI image spec,
 * image-layout.md), or of both in one. Ids, and the digests of a layout, are those that the images had where they were
 * saved. Throws what {@link offersOf} and the stores throw; the images before the one that fails are here then.
 */
export async function loadImages(context: Context, source: LoadSource, options: LoadOptions): Promise<void> {
  const { platform, signal } = options;
  try {
    await inWorkspace(context, async (workspace) => {
      await using files = await openFiles(source, workspace, signal);
      const { offers, layer } = await offersOf(files, { platform, signal });
      for (const offer of offers) await take(context, workspace, { offer, layer }, options);
    });
  } catch (cause) {
    // Whoever was interrupted is told so, whatever the interruption broke on its way.
    if (signal?.aborted !== true) throw cause;
    throw new EngineError('cancelled', 'loading was cancelled', { cause });
  }
}

async function openFiles(
  source: LoadSource,
  { blobs }: Workspace,
  signal: AbortSignal | undefined,
): Promise<ImageFiles> {
  if ('directory' in source) return openImageDirectory(source.directory, blobs);
  const heard = signal === undefined ? source : untilAborted(source, signal);
  return await readImageArchive(decompressAny(heard), blobs);
}

async function take(
  context: Context,
  workspace: Workspace,
  { offer, layer }: { offer: Offer; layer: FindLayer },
  { progress, signal, loaded }: LoadOptions,
): Promise<void> {
  const { image, index, whole, names } = offer;
  const layers = image.layers.map(({ descriptor }) => descriptor);
  const blobs = [...layers, ...(whole === undefined ? [] : blobsOfIndex(whole))];
  using _lease = takeLease(
    context.database,
    blobs.map(({ digest }) => digest),
  );
  // Those that the archive does not have may be in the store.
  for (const descriptor of blobs) await layer(descriptor)?.keep(descriptor);
  const id = image.config.digest;
  const familiar = names.map(familiarName);
  await intake(context, workspace, image, {
    names,
    index,
    whole,
    event: { action: 'load', id, name: familiar[0] ?? id },
    progress,
    signal,
  });
  loaded({ id, names: familiar });
}
