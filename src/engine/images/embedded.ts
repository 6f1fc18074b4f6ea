import { assetBytes } from '../../host/assets.ts';
import { hostPlatform } from '../../image/platform.ts';
import { type Descriptor, MediaType } from '../../oci/descriptor.ts';
import { chainIDs, type Digest, digestOf } from '../../oci/digest.ts';
import { tarArchive } from '../../storage/tar/archive.ts';
import { takeLease } from '../store/blob-leases.ts';
import type { Context } from '../store/context.ts';
import { type FoundImage, findImage, imageByName, saveImage } from '../store/images.ts';
import { sizeOfLayers } from '../store/layer-sizes.ts';
import { inWorkspace } from '../store/workspace.ts';

/** The one image that every skiff carries: it needs no registry. */
export const EMBEDDED = 'hello';
const NAME = 'localhost/hello:latest';

/**
 * Makes the embedded image an image of the store like any other, when `text` names it: undefined otherwise. One that is
 * there already, from this very skiff, stays.
 */
export async function importEmbedded(context: Context, text: string): Promise<FoundImage | undefined> {
  if (text !== EMBEDDED) return undefined;
  const layer = await tarArchive([{ name: EMBEDDED, mode: 0o755, content: assetBytes('hello') }]);
  const diffID = digestOf(layer);
  const config = JSON.stringify(imageConfig(diffID));
  const present = imageByName(context.database, NAME);
  if (present?.id === digestOf(config)) return { image: present, name: NAME };
  await store(context, { layer, diffID, config });
  return findImage(context.database, NAME);
}

async function store(
  context: Context,
  { layer, diffID, config }: { layer: Uint8Array; diffID: Digest; config: string },
): Promise<void> {
  const { database, helper } = context;
  const manifest = JSON.stringify(imageManifest(layer, diffID, config));
  const [id, digest] = [digestOf(config), digestOf(manifest)];
  const chain = chainIDs([diffID]);
  const [chainID] = chain as [Digest];
  using _lease = takeLease(database, [diffID, id, digest, chainID]);
  await inWorkspace(context, async ({ blobs, layers }) => {
    for (const blob of [layer, Buffer.from(config), Buffer.from(manifest)]) await blobs.put(blob);
    if (!layers.has(chainID)) {
      await layers.unpack({ chainID, diffID, mediaType: MediaType.ociLayer }, blobs.stream(diffID), {
        helper,
        lowers: async () => [],
        reopen: () => blobs.stream(diffID),
      });
    }
    const image = {
      id,
      config,
      layers: chain,
      size: await sizeOfLayers(context, layers, chain),
      createdAt: Date.now(),
    };
    const served = {
      digest,
      imageId: id,
      mediaType: MediaType.ociManifest,
      body: manifest,
      indexDigest: undefined,
    };
    database.transaction(() => saveImage(database, image, served, [NAME]));
  });
}

function imageConfig(diffID: Digest) {
  return {
    created: '2026-01-01T00:00:00Z',
    ...hostPlatform(),
    config: { Cmd: ['/hello'], Env: ['PATH=/'] },
    rootfs: { type: 'layers', diff_ids: [diffID] },
    history: [{ created: '2026-01-01T00:00:00Z', created_by: 'skiff' }],
  };
}

function imageManifest(layer: Uint8Array, diffID: Digest, config: string) {
  const descriptor = (mediaType: string, digest: Digest, size: number): Descriptor => ({
    mediaType,
    digest,
    size,
  });
  return {
    schemaVersion: 2,
    mediaType: MediaType.ociManifest,
    config: descriptor(MediaType.ociConfig, digestOf(config), Buffer.byteLength(config)),
    layers: [descriptor(MediaType.ociLayer, diffID, layer.length)],
  };
}
