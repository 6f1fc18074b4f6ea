import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type IntakeOptions, intake, type TakenIn } from '../../../../src/engine/images/intake.ts';
import { discardUnreferenced } from '../../../../src/engine/store/garbage.ts';
import { allImages, findImage, namesOf } from '../../../../src/engine/store/images.ts';
import { noteLayerSize } from '../../../../src/engine/store/layer-sizes.ts';
import { inWorkspace } from '../../../../src/engine/store/workspace.ts';
import { composeImage, type Image } from '../../../../src/image/image.ts';
import { MediaType } from '../../../../src/oci/descriptor.ts';
import { type Digest, digestOf, hexOf } from '../../../../src/oci/digest.ts';
import { useContext } from '../fixtures.ts';

const store = useContext();

/** An image of layers that are no more than their names. */
function imageOf(author: string, ...layers: string[]): Image {
  return composeImage({
    config: { author, architecture: 'amd64', os: 'linux', config: { Labels: { of: author } }, history: [] },
    layers: layers.map((text) => ({
      descriptor: { mediaType: MediaType.ociLayer, digest: digestOf(text), size: text.length },
      diffID: digestOf(text),
    })),
  });
}

/** Makes the layers of an image as if they had been unpacked: the lowest of 1 byte, the next of 10, … */
function unpacked(image: Image): Image {
  for (const [index, { chainID }] of image.layers.entries()) {
    mkdirSync(join(store.context.paths.layers, hexOf(chainID)), { recursive: true });
    noteLayerSize(store.context.database, chainID, 10 ** index);
  }
  return image;
}

function take(image: Image, options: IntakeOptions): Promise<TakenIn> {
  return inWorkspace(store.context, (workspace) => intake(store.context, workspace, image, options));
}

const rows = (table: string) => store.context.database.all(`SELECT * FROM ${table}`);
const blobs = () => (existsSync(store.context.paths.blobs) ? readdirSync(store.context.paths.blobs) : []);
const hexes = (...digests: Digest[]) => digests.map(hexOf).sort();

const NAME = 'docker.io/library/app:latest';
const OTHER = 'localhost/app:1';

describe('an image that enters the store', () => {
  it('is found by its names, with its layers and their size, and its documents are blobs', async () => {
    const image = unpacked(imageOf('alice', 'base', 'top'));
    const { config, manifest } = image;
    const { image: row, before } = await take(image, { names: [NAME, OTHER] });
    expect(row).toMatchObject({
      id: config.digest,
      config: Buffer.from(config.bytes).toString(),
      layers: image.layers.map(({ chainID }) => chainID),
      size: 11,
    });
    expect(findImage(store.context.database, 'app')).toEqual({ image: row, name: NAME });
    expect(namesOf(store.context.database, row.id).tags).toEqual([NAME, OTHER]);
    expect(before).toEqual(new Map());
    expect(rows('manifest')).toEqual([
      {
        digest: manifest.digest,
        image_id: row.id,
        media_type: MediaType.ociManifest,
        body: Buffer.from(manifest.bytes).toString(),
        index_digest: null,
      },
    ]);
    expect(blobs().sort()).toEqual(hexes(config.digest, manifest.digest));
    expect(rows('lease')).toEqual([]);
  });

  it('keeps the index that it was chosen from', async () => {
    const bytes = Buffer.from('an index');
    const index = {
      mediaType: MediaType.ociIndex,
      digest: digestOf(bytes),
      bytes,
      parsed: { kind: 'index' as const, mediaType: MediaType.ociIndex, manifests: [] },
    };
    await take(unpacked(imageOf('alice', 'base')), { names: [], index });
    expect(rows('manifest')).toMatchObject([{ index_digest: index.digest }]);
    discardUnreferenced(store.context);
    expect(blobs()).toContain(hexOf(index.digest));
  });

  it('is told to the journal, with its labels, when there is something to tell', async () => {
    await take(unpacked(imageOf('alice', 'base')), { names: [] });
    expect(existsSync(store.context.paths.events)).toBe(false);
    await take(unpacked(imageOf('bob', 'base')), {
      names: [],
      event: { action: 'load', id: 'the id', name: 'the name' },
    });
    expect(JSON.parse(readFileSync(store.context.paths.events, 'utf8'))).toMatchObject({
      Type: 'image',
      Action: 'load',
      Actor: { ID: 'the id', Attributes: { name: 'the name', of: 'bob' } },
    });
  });

  it('is the same one when it comes again, also under another name', async () => {
    const image = unpacked(imageOf('alice', 'base'));
    const first = await take(image, { names: [NAME] });
    store.context.database.run('UPDATE image SET created_at = 1');
    const again = await take(image, { names: [NAME, OTHER] });
    expect(again.image).toEqual({ ...first.image, createdAt: 1 });
    expect(again.before).toEqual(new Map([[NAME, first.image.id]]));
    expect(namesOf(store.context.database, first.image.id).tags).toEqual([NAME, OTHER]);
    expect([rows('image'), rows('manifest'), blobs()].map(({ length }) => length)).toEqual([1, 1, 2]);
  });

  it('takes a name from the image that had it, which stays', async () => {
    const first = await take(unpacked(imageOf('alice', 'base')), { names: [NAME, OTHER] });
    const second = await take(unpacked(imageOf('bob', 'base')), { names: [NAME] });
    expect(second.before).toEqual(new Map([[NAME, first.image.id]]));
    expect(namesOf(store.context.database, first.image.id).tags).toEqual([OTHER]);
    expect(allImages(store.context.database)).toHaveLength(2);
  });
});

describe('an image that does not make it into the store', () => {
  it('leaves neither rows nor leases, and what it has brought to the garbage', async () => {
    const image = imageOf('alice', 'base', 'top');
    const bytes = Buffer.from('base');
    const failed = inWorkspace(store.context, async (workspace) => {
      await workspace.blobs.put(bytes);
      await intake(store.context, workspace, image, { names: [NAME] });
    });
    // The layers would have to be unpacked, and there is no helper here.
    await expect(failed).rejects.toMatchObject({ kind: 'unavailable' });
    for (const table of ['image', 'manifest', 'image_name', 'lease']) expect(rows(table)).toEqual([]);
    expect(blobs()).toEqual(hexes(digestOf(bytes)));
    discardUnreferenced(store.context);
    expect(blobs()).toEqual([]);
  });

  it('leaves the name to the image that has it', async () => {
    const first = await take(unpacked(imageOf('alice', 'base')), { names: [NAME] });
    await expect(take(imageOf('bob', 'missing'), { names: [NAME] })).rejects.toThrow();
    expect(findImage(store.context.database, 'app').image).toEqual(first.image);
  });

  it('leaves nothing once its signal has aborted', async () => {
    const signal = AbortSignal.abort();
    const failed = take(imageOf('alice', 'base'), { names: [NAME], signal });
    await expect(failed).rejects.toThrow();
    for (const table of ['image', 'lease']) expect(rows(table)).toEqual([]);
  });
});
