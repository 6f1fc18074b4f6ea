import { type Descriptor, MediaType } from '../../oci/descriptor.ts';
import { chainIDs, type Digest } from '../../oci/digest.ts';
import { archivedChanges, measureLayer } from '../../storage/archive/read-tree.ts';
import type { Context } from '../store/context.ts';
import { noteLayerSize } from '../store/layer-sizes.ts';
import type { Workspace } from '../store/workspace.ts';

/** A layer that has no name in the store yet. */
export interface NewLayer {
  descriptor: Descriptor;
  diffID: Digest;
  chainID: Digest;
  /** Gives it its name; what that needs is leased before. */
  publish(): Promise<void>;
}

/** What a container has changed, copied into a directory that nobody writes to any more (`copyChanges`). */
export interface CopiedLayer {
  draft: string;
  /** In regular files. */
  bytes: number;
  /** diffIDs of the layers below, bottom first. */
  below: readonly Digest[];
}

/** Makes a layer of the directory itself: its archive is hashed once, and is the same whenever it is written again. */
export async function layerOfDraft(
  { database, helper }: Context,
  { layers }: Workspace,
  { draft, bytes, below }: CopiedLayer,
): Promise<NewLayer> {
  const { diffID, size } = await measureLayer(draft, { helper });
  const names = namesOf({ digest: diffID, size }, below);
  return {
    ...names,
    async publish() {
      layers.take(draft, names.chainID);
      noteLayerSize(database, names.chainID, bytes);
    },
  };
}

/**
 * Makes the blob of a layer of the directory, where layers are whole: the directory is none, and the layer is unpacked as
 * any other.
 */
export async function blobOfDraft(
  { helper }: Context,
  { blobs }: Workspace,
  { draft, below }: CopiedLayer,
): Promise<NewLayer> {
  const blob = await blobs.begin();
  try {
    for await (const _ of blob.keep(archivedChanges(draft, { helper }), 'the layer'));
    return { ...namesOf({ digest: blob.digest(), size: blob.size }, below), publish: () => blob.publish() };
  } catch (error) {
    await blob[Symbol.asyncDispose]();
    throw error;
  }
}

function namesOf(
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
  below: readonly Digest[],
): Pick<NewLayer, 'descriptor' | 'diffID' | 'chainID'> {
  return {
    descriptor: { mediaType: MediaType.ociLayer, digest, size },
    diffID: digest,
    chainID: chainIDs([...below, digest]).at(-1) as Digest,
  };
}
