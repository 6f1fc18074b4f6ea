import { describe, expect, it } from 'vitest';
import { intake } from '../../../../src/engine/images/intake.ts';
import { type SaveFormat, saveImages } from '../../../../src/engine/images/save.ts';
import { noteLayerSize } from '../../../../src/engine/store/layer-sizes.ts';
import { inWorkspace } from '../../../../src/engine/store/workspace.ts';
import { type ImageDocument, readImage, readManifest } from '../../../../src/image/image.ts';
import { MediaType } from '../../../../src/oci/descriptor.ts';
import { digestOf, hexOf } from '../../../../src/oci/digest.ts';
import type { Manifest } from '../../../../src/oci/manifest.ts';
import { BlobStore } from '../../../../src/storage/blob-store.ts';
import { readImageArchive } from '../../../../src/storage/tar/image-files.ts';
import { useContext } from '../fixtures.ts';

const store = useContext();

const layer = Buffer.from('a layer');
const config = Buffer.from(
  JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
  }),
);
const described = (mediaType: string, bytes: Buffer) => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.length,
});

/** Takes an image in whose documents have the types that Docker gives them. */
async function takeDockerImage(): Promise<ImageDocument<Manifest>> {
  const manifest = {
    schemaVersion: 2,
    mediaType: MediaType.dockerManifest,
    config: described(MediaType.dockerConfig, config),
    layers: [described(MediaType.dockerLayer, layer)],
  };
  const document = readManifest(Buffer.from(JSON.stringify(manifest))) as ImageDocument<Manifest>;
  const image = readImage(document, config);
  await inWorkspace(store.context, async (workspace) => {
    await workspace.blobs.put(layer);
    for (const { chainID } of image.layers) {
      workspace.layers.take(workspace.layers.draft(), chainID);
      noteLayerSize(store.context.database, chainID, 1);
    }
    await intake(store.context, workspace, image, { names: ['docker.io/library/app:1'] });
  });
  return document;
}

/** The manifest that the index of a saved archive leads to, and what the archive has of a layer. */
async function saved(format: SaveFormat) {
  const pieces: Uint8Array[] = [];
  const write = async (archive: AsyncIterable<Uint8Array>) => {
    for await (const piece of archive) pieces.push(piece);
  };
  await saveImages(store.context, ['app:1'], { format, to: { write } });
  async function* bytes() {
    yield* pieces;
  }
  const blobs = new BlobStore({ blobs: store.directory, tmp: () => store.directory });
  await using files = await readImageArchive(bytes(), blobs);
  const read = async (name: string) => Buffer.from((await files.find(name)?.read(10_000)) ?? '');
  const index = JSON.parse(String(await read('index.json')));
  const [{ mediaType, digest }] = index.manifests;
  const manifest = await read(`blobs/sha256/${hexOf(digest)}`);
  expect(digestOf(manifest)).toBe(digest);
  expect(await read(`blobs/sha256/${hexOf(digestOf(layer))}`)).toEqual(layer);
  expect(await read(`blobs/sha256/${hexOf(digestOf(config))}`)).toEqual(config);
  return { mediaType, digest, manifest: JSON.parse(String(manifest)) };
}

describe("an image of Docker's types", () => {
  it('is saved as it is where Docker reads it', async () => {
    const { digest } = await takeDockerImage();
    expect(await saved('docker')).toMatchObject({ mediaType: MediaType.dockerManifest, digest });
  });

  it("has the image spec's types in a layout, which is all that others look for there", async () => {
    await takeDockerImage();
    expect(await saved('oci')).toMatchObject({
      mediaType: MediaType.ociManifest,
      manifest: {
        mediaType: MediaType.ociManifest,
        config: described(MediaType.ociConfig, config),
        layers: [described(MediaType.ociLayer, layer)],
      },
    });
  });
});
