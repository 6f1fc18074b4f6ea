import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type IntakeOptions, intake, type TakenIn } from '../../src/engine/images/intake.ts';
import { SILENT } from '../../src/engine/images/pull-progress.ts';
import { removeImage } from '../../src/engine/images/remove.ts';
import { discardUnreferenced } from '../../src/engine/store/garbage.ts';
import { allImages } from '../../src/engine/store/images.ts';
import { inWorkspace } from '../../src/engine/store/workspace.ts';
import { composeImage, type Image } from '../../src/image/image.ts';
import { type Descriptor, MediaType } from '../../src/oci/descriptor.ts';
import { type Digest, digestOf, hexOf } from '../../src/oci/digest.ts';
import { HELPER, pieces } from '../helpers/layers.ts';
import { tar } from '../helpers/tar.ts';
import { useContext } from '../unit/engine/fixtures.ts';

const store = useContext(HELPER);

/** A layer with one file, as its blob. */
function layerOf(name: string, mediaType: string = MediaType.ociLayerGzip) {
  const archive = tar({ name, content: name });
  const blob = mediaType === MediaType.ociLayerZstd ? zstdCompressSync(archive) : gzipSync(archive);
  const descriptor: Descriptor = { mediaType, digest: digestOf(blob), size: blob.length };
  return { blob, descriptor, diffID: digestOf(archive) };
}

type Layer = ReturnType<typeof layerOf>;

function imageOf(...layers: Layer[]): Image {
  return composeImage({ config: { architecture: 'amd64', os: 'linux', config: {}, history: [] }, layers });
}

/** What yields the blobs of some layers, and which of them were asked for. */
function sourceOf(...layers: Layer[]) {
  const opened: Digest[] = [];
  const open = ({ digest }: Descriptor) => {
    opened.push(digest);
    return pieces(layers.find(({ descriptor }) => descriptor.digest === digest)?.blob ?? Buffer.alloc(0), 7);
  };
  return { open, opened };
}

function take(image: Image, options: Partial<IntakeOptions> = {}): Promise<TakenIn> {
  return inWorkspace(store.context, (workspace) =>
    intake(store.context, workspace, image, { names: [], ...options }),
  );
}

const collect = () => discardUnreferenced(store.context);
const blobs = () => readdirSync(store.context.paths.blobs).sort();
const layers = () => readdirSync(store.context.paths.layers).sort();
const hexes = (...digests: Digest[]) => digests.map(hexOf).sort();
const chainOf = (image: Image) => image.layers.map(({ chainID }) => chainID);

const base = layerOf('base');
const top = layerOf('top', MediaType.ociLayerZstd);

describe('an image that comes as streams', () => {
  it('is unpacked, counted, and kept as it came', async () => {
    const image = imageOf(base, top);
    const { image: row } = await take(image, { open: sourceOf(base, top).open });
    expect(row.size).toBe('base'.length + 'top'.length);
    const [, topmost] = chainOf(image) as [Digest, Digest];
    const file = join(store.context.paths.layers, hexOf(topmost), 'top');
    expect(readFileSync(file, 'utf8')).toBe('top');
    collect();
    expect(layers()).toEqual(hexes(...chainOf(image)));
    expect(blobs()).toEqual(
      hexes(image.config.digest, image.manifest.digest, base.descriptor.digest, top.descriptor.digest),
    );
  });

  it('is asked only for the layers that are not here', async () => {
    await take(imageOf(base), { open: sourceOf(base).open });
    const { open, opened } = sourceOf(base, top);
    await take(imageOf(base, top), { open });
    await take(imageOf(base, top), { open });
    expect(opened).toEqual([top.descriptor.digest]);
  });

  it('takes everything with it when it is removed', async () => {
    const { image } = await take(imageOf(base, top), { open: sourceOf(base, top).open });
    await removeImage(store.context, image.id, { force: false });
    expect([...layers(), ...blobs(), ...readdirSync(store.context.paths.trash)]).toEqual([]);
    expect(store.context.database.all('SELECT * FROM layer_size')).toEqual([]);
  });
});

it('an image comes from blobs that the store has', async () => {
  const image = imageOf(base, top);
  await inWorkspace(store.context, async (workspace) => {
    for (const { blob } of [base, top]) await workspace.blobs.put(blob);
    await intake(store.context, workspace, image, { names: [] });
  });
  expect(layers()).toEqual(hexes(...chainOf(image)));
});

it('an image on its way is not collected by whoever removes another one', async () => {
  const image = imageOf(base, top);
  await take(imageOf(base), { open: sourceOf(base).open });
  const [other] = allImages(store.context.database);
  const { open } = sourceOf(top);
  // As the layers that are here are found, the one image that names them goes.
  const layer = (digest: Digest) => ({
    ...SILENT.layer(digest),
    exists: () => {
      store.context.database.run('DELETE FROM image WHERE id = ?', other?.id ?? '');
      collect();
    },
  });
  await take(image, { open, progress: { ...SILENT, layer } });
  collect();
  expect(layers()).toEqual(hexes(...chainOf(image)));
  expect(blobs()).toContain(hexOf(base.descriptor.digest));
});

describe('an image of which something is wrong', () => {
  const damaged = { ...top, blob: Buffer.from(top.blob).fill(0, 20, 22) };

  it.each<[string, Partial<IntakeOptions>, object]>([
    ['a layer is nowhere', {}, { kind: 'notFound', subject: top.descriptor.digest }],
    ['a layer ends early', { open: sourceOf().open }, { kind: 'invalid', subject: top.descriptor.digest }],
    ['a layer is another one', { open: sourceOf(damaged).open }, { kind: 'invalid' }],
  ])('is refused when %s, and leaves only what the garbage takes', async (_, options, error) => {
    await take(imageOf(base), { open: sourceOf(base).open });
    const before = [layers(), blobs()];
    const failed = take(imageOf(base, top), { names: ['localhost/app:1'], ...options });
    await expect(failed).rejects.toMatchObject(error);
    expect(store.context.database.all('SELECT * FROM lease')).toEqual([]);
    expect(store.context.database.all('SELECT * FROM image_name')).toEqual([]);
    expect(allImages(store.context.database)).toHaveLength(1);
    collect();
    expect([layers(), blobs()]).toEqual(before);
    expect(readdirSync(store.context.paths.tmp)).toEqual([]);
  });

  it('is refused when a layer is not what its config says', async () => {
    const failed = take(imageOf({ ...top, diffID: base.diffID }), { open: sourceOf(top).open });
    await expect(failed).rejects.toMatchObject({ kind: 'invalid', subject: base.diffID });
    collect();
    expect(blobs()).toEqual([]);
  });
});
