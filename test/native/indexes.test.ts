import { existsSync, mkdirSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { checkStore } from '../../src/engine/check/check.ts';
import { intake } from '../../src/engine/images/intake.ts';
import { listImages } from '../../src/engine/images/list.ts';
import { findInIndex, indexOf, lookUpInIndex } from '../../src/engine/images/other-platform.ts';
import { pruneImages } from '../../src/engine/images/prune.ts';
import { removeImage } from '../../src/engine/images/remove.ts';
import { tagImage } from '../../src/engine/images/tag.ts';
import { imageTrees } from '../../src/engine/images/tree.ts';
import { inspectImage } from '../../src/engine/inspect/image.ts';
import { noteStartFailure } from '../../src/engine/lifecycle/start-failure.ts';
import { diskUsage } from '../../src/engine/reports/disk-usage.ts';
import { insertContainer } from '../../src/engine/store/containers.ts';
import { discardUnreferenced } from '../../src/engine/store/garbage.ts';
import { findImage } from '../../src/engine/store/images.ts';
import { allIndexes } from '../../src/engine/store/indexes.ts';
import { inWorkspace } from '../../src/engine/store/workspace.ts';
import { composeImage, type Image } from '../../src/image/image.ts';
import { formatPlatform, hostPlatform } from '../../src/image/platform.ts';
import type { WholeIndex } from '../../src/image/whole-index.ts';
import { type Descriptor, MediaType } from '../../src/oci/descriptor.ts';
import { type Digest, digestOf, hexOf } from '../../src/oci/digest.ts';
import { Documents } from '../helpers/index-documents.ts';
import { HELPER, pieces } from '../helpers/layers.ts';
import { tar } from '../helpers/tar.ts';
import { containerRow, useContext } from '../unit/engine/fixtures.ts';

const store = useContext(HELPER);
const NAME = 'docker.io/library/app:latest';
const arm64 = { os: 'linux', architecture: 'arm64' };

/** An index of images for two platforms, with a layer in common and one of their own, and an attestation. */
async function madeIndex(version = '1') {
  const documents = new Documents();
  const bytes = new Map<string, Buffer>();
  const layer = (name: string) => {
    const archive = tar({ name, content: name });
    const blob = gzipSync(archive);
    const descriptor: Descriptor = {
      mediaType: MediaType.ociLayerGzip,
      digest: digestOf(blob),
      size: blob.length,
    };
    bytes.set(descriptor.digest, blob);
    return { descriptor, diffID: digestOf(archive) };
  };
  const image = (architecture: string) => {
    const layers = [layer(`common${version}`), layer(`${architecture}${version}`)];
    const made = composeImage({ config: { architecture, os: 'linux', config: {}, history: [] }, layers });
    documents.add(MediaType.ociConfig, made.config.bytes);
    const descriptor = documents.add(MediaType.ociManifest, made.manifest.bytes);
    return { made, descriptor: { ...descriptor, platform: { os: 'linux', architecture } } };
  };
  const [amd, arm] = [image('amd64'), image('arm64')];
  for (const text of [`good ${version}`, 'unknown', '{}', 'bill'])
    bytes.set(digestOf(text), Buffer.from(text));
  const whole = await documents.whole(
    documents.index(
      amd.descriptor,
      documents.index(arm.descriptor),
      documents.attestation(`good ${version}`),
      documents.artifact('bill'),
    ),
  );
  const open = ({ digest }: Descriptor) => pieces(bytes.get(digest) ?? Buffer.alloc(0), 7);
  return { whole, open, amd: amd.made, arm: arm.made };
}

type Made = Awaited<ReturnType<typeof madeIndex>>;

/** Another index, of its first image alone. */
async function aloneIn({ amd }: Made): Promise<WholeIndex> {
  const documents = new Documents();
  documents.add(MediaType.ociConfig, amd.config.bytes);
  return await documents.whole(documents.index(documents.add(MediaType.ociManifest, amd.manifest.bytes)));
}

/** Brings an index into the store, as a pull of all platforms does. */
async function take(
  { whole, open, amd }: { whole: WholeIndex; open: Made['open']; amd: Image },
  names: string[] = [NAME],
): Promise<void> {
  await inWorkspace(store.context, (workspace) =>
    intake(store.context, workspace, amd, { names, whole, open }),
  );
}

/** A container that was made of an image, and has not run. */
function addContainer(image: Image): void {
  const row = containerRow({ imageId: image.config.digest, started: false, layers: chainOf(image) });
  insertContainer(store.context.database, row, () => false);
  mkdirSync(join(store.context.paths.containers, row.id), { recursive: true });
}

const entries = (directory: string) => (existsSync(directory) ? readdirSync(directory).sort() : []);
const blobs = () => entries(store.context.paths.blobs);
const layers = () => entries(store.context.paths.layers);
const hexes = (digests: Digest[]) => digests.map(hexOf).sort();
const chainOf = ({ layers: own }: Image) => own.map(({ chainID }) => chainID);
const remove = (text: string, force = false) => removeImage(store.context, text, { force });
const find = () => findInIndex(store.context, findImage(store.context.database, 'app'), arm64);

describe('an index that is brought in whole', () => {
  it('keeps all its blobs, and unpacks the image of its name alone', async () => {
    const made = await madeIndex();
    await take(made);
    discardUnreferenced(store.context);
    expect(layers()).toEqual(hexes(chainOf(made.amd)));
    // Index, index inside, two images of manifest, config and a layer, their common layer, two manifests with two blobs each.
    expect(blobs()).toHaveLength(2 + 2 * 3 + 1 + 2 * 3);
    expect(store.context.database.all('SELECT * FROM lease')).toEqual([]);
    expect(await checkStore(store.context, { deep: true, repair: false })).toEqual({
      isTrue: true,
      faults: [],
    });
  });

  it('also gets the blobs of layers that are here unpacked', async () => {
    const made = await madeIndex();
    await take(made);
    const { digest } = made.amd.layers[0]?.descriptor ?? { digest: digestOf('') };
    rmSync(join(store.context.paths.blobs, hexOf(digest)));
    await take(made);
    expect(blobs()).toContain(hexOf(digest));
  });

  it('has nothing that a name leads to when a blob does not come, and leaves only garbage', async () => {
    const made = await madeIndex();
    const lost = made.arm.layers[1]?.descriptor.digest;
    const open = (descriptor: Descriptor) =>
      descriptor.digest === lost ? pieces(Buffer.from('another')) : made.open(descriptor);
    await expect(take({ ...made, open })).rejects.toMatchObject({ kind: 'invalid', subject: lost });
    const tables = ['image', 'image_name', 'index_document', 'index_entry', 'lease'];
    for (const table of tables) expect(store.context.database.all(`SELECT * FROM ${table}`)).toEqual([]);
    discardUnreferenced(store.context);
    expect([...blobs(), ...layers()]).toEqual([]);
  });

  it('goes with its last name, however it is removed', async () => {
    const made = await madeIndex();
    for (const text of ['app', made.amd.config.digest]) {
      await take(made);
      await find();
      tagImage(store.context, 'app', 'other:1');
      expect((await remove('other:1')).deleted).toEqual([]);
      expect(new Set((await remove(text)).deleted)).toEqual(
        new Set([made.amd.config.digest, made.arm.config.digest]),
      );
      expect([...blobs(), ...layers(), ...allIndexes(store.context.database)]).toEqual([]);
    }
  });

  it('goes when its names lead elsewhere, with what nothing else names', async () => {
    const [first, second] = [await madeIndex('1'), await madeIndex('2')];
    await take(first);
    await take(second);
    discardUnreferenced(store.context);
    expect(blobs()).not.toContain(hexOf(first.arm.config.digest));
    expect(blobs()).toContain(hexOf(first.amd.config.digest));
    expect(allIndexes(store.context.database)).toHaveLength(2);
  });

  it('is kept with an image that has no name, and found by its id, until that goes', async () => {
    const made = await madeIndex();
    await take(made, []);
    discardUnreferenced(store.context);
    const id = made.amd.config.digest;
    const all = blobs();
    expect(all).toContain(hexOf(made.arm.config.digest));
    const found = findImage(store.context.database, id);
    expect((await findInIndex(store.context, found, arm64))?.image.id).toBe(made.arm.config.digest);
    expect(listImages(store.context).map(({ image, isPart }) => [image.id === id, isPart])).toEqual(
      expect.arrayContaining([
        [true, false],
        [false, true],
      ]),
    );
    tagImage(store.context, id, 'app');
    await remove('app');
    expect([...blobs(), ...layers()]).toEqual([]);
    await take(made, []);
    expect((await pruneImages(store.context, {}, { all: false })).deleted).toEqual([id]);
    expect([...blobs(), ...layers()]).toEqual([]);
  });

  it('is found by its digest, with a name and without, beside another one of the same image', async () => {
    const made = await madeIndex();
    const [id, digest] = [made.amd.config.digest, made.whole.document.digest];
    const other = { ...made, whole: await aloneIn(made) };
    await take(made, []);
    await take(other);
    const found = findImage(store.context.database, digest.slice(0, 20));
    expect([found.image.id, found.name]).toEqual([id, undefined]);
    expect(indexOf(store.context.database, found)?.document.digest).toBe(digest);
    expect((await findInIndex(store.context, found, arm64))?.image.id).toBe(made.arm.config.digest);
    const named = findImage(store.context.database, other.whole.document.digest);
    expect(indexOf(store.context.database, named)?.document.digest).toBe(other.whole.document.digest);
    expect(() => findImage(store.context.database, digestOf('nothing'))).toThrow('no such image');

    tagImage(store.context, digest, 'tagged');
    const byName = findImage(store.context.database, 'tagged');
    expect(indexOf(store.context.database, byName)?.document.digest).toBe(digest);
    expect(await remove(digest)).toEqual({
      untagged: ['tagged:latest'],
      deleted: [digest, made.arm.config.digest],
    });
    expect(findImage(store.context.database, 'app').image.id).toBe(id);
    expect(await remove(other.whole.document.digest)).toEqual({
      untagged: ['app:latest'],
      deleted: [other.whole.document.digest, id],
    });
    expect([...blobs(), ...layers()]).toEqual([]);
  });

  it('is explained on the disk to the last byte', async () => {
    await take(await madeIndex());
    await find();
    const { total, images, imagesSize, other } = await diskUsage(store.context);
    expect(other.find(({ kind }) => kind === 'unnamed')).toBeUndefined();
    expect(imagesSize + other.reduce((sum, { size }) => sum + size, 0)).toBe(total);
    expect(images.map(({ names, shared }) => [names.tags.length, shared > 0])).toEqual(
      expect.arrayContaining([
        [1, true],
        [0, true],
      ]),
    );
  });
});

describe('the image for another platform', () => {
  it('is unpacked from the blobs that are here, and is a part of what has a name', async () => {
    const made = await madeIndex();
    await take(made);
    const found = await find();
    expect([found?.image.id, found?.name]).toEqual([made.arm.config.digest, NAME]);
    expect(layers()).toEqual(hexes([...new Set([...chainOf(made.amd), ...chainOf(made.arm)])]));
    expect(findImage(store.context.database, 'app').image.id).toBe(made.amd.config.digest);
    const parts = listImages(store.context).map(({ image, isPart }) => [image.id, isPart]);
    expect(new Map(parts as [Digest, boolean][])).toEqual(
      new Map([
        [made.amd.config.digest, false],
        [made.arm.config.digest, true],
      ]),
    );
    expect(listImages(store.context, new Map([['dangling', ['true']]]))).toEqual([]);
    expect((await find())?.image).toEqual(found?.image);
  });

  it('stays when images are pruned, until nobody needs what has the name', async () => {
    const made = await madeIndex();
    await take(made);
    await find();
    expect((await pruneImages(store.context, {}, { all: false })).deleted).toEqual([]);
    addContainer(made.arm);
    expect((await pruneImages(store.context, {}, { all: true })).deleted).toEqual([]);
    await expect(remove('app')).rejects.toMatchObject({ kind: 'conflict' });
    expect((await remove('app', true)).deleted).toHaveLength(2);
    expect(layers()).toEqual(hexes(chainOf(made.arm)));
  });

  it('can be removed by its id, and is unpacked again when it is wanted', async () => {
    const made = await madeIndex();
    await take(made);
    await find();
    expect(await remove(made.arm.config.digest)).toEqual({ untagged: [], deleted: [made.arm.config.digest] });
    expect(layers()).toEqual(hexes(chainOf(made.amd)));
    expect((await find())?.image.id).toBe(made.arm.config.digest);
  });

  it('is not there when the index has none, or its blobs were lost', async () => {
    const made = await madeIndex();
    await take(made);
    const found = findImage(store.context.database, 'app');
    const riscv = { os: 'linux', architecture: 'riscv64' };
    expect(await lookUpInIndex(store.context, found, riscv)).toBeUndefined();
    await expect(findInIndex(store.context, found, riscv)).rejects.toMatchObject({
      kind: 'notFound',
      message: 'no image for platform linux/riscv64: the index offers linux/amd64, linux/arm64',
    });
    rmSync(join(store.context.paths.blobs, hexOf(made.arm.layers[1]?.descriptor.digest ?? digestOf(''))));
    expect(await lookUpInIndex(store.context, found, arm64)).toBeUndefined();
  });
});

describe('a container whose image this machine cannot execute', () => {
  const ENOEXEC = { stage: 'exec', errno: 8, detail: '' };
  const foreign = hostPlatform().architecture === 's390x' ? 'ppc64le' : 's390x';
  const hintOf = async (image: Image) => {
    const row = containerRow({ imageId: image.config.digest, imageName: 'app' });
    return (await noteStartFailure(store.context, row, ENOEXEC)).error.hint;
  };

  it('is told for which platform it is, and which others there are', async () => {
    const documents = new Documents();
    const [one, other] = [documents.image(foreign), documents.image('riscv64')];
    const whole = await documents.whole(documents.index(one.descriptor, other.descriptor));
    await take({ whole, open: () => pieces(Buffer.alloc(0)), amd: one.image });
    expect(await hintOf(one.image)).toContain(
      `the image is for linux/${foreign}, this machine is ${formatPlatform(hostPlatform())}; its index has linux/${foreign}, linux/riscv64`,
    );
  });

  it('is told how to ask for its own, where there is one, and nothing when that is no reason', async () => {
    const documents = new Documents();
    const host = hostPlatform();
    const [one, own] = [documents.image(foreign), documents.image(host.architecture)];
    const whole = await documents.whole(documents.index(one.descriptor, own.descriptor));
    await take({ whole, open: () => pieces(Buffer.alloc(0)), amd: one.image });
    expect(await hintOf(one.image)).toContain(`: ask for that with --platform ${formatPlatform(host)}`);
    await take({ whole, open: () => pieces(Buffer.alloc(0)), amd: own.image });
    expect(await hintOf(own.image)).toContain('another architecture, or a script');
  });
});

describe('what stands under a name', () => {
  /** The lines of a tree: names, or what a member is, whether it is here, in use, unpacked. */
  const lines = () =>
    imageTrees(store.context).flatMap(({ names, branches }) => [
      names.join(),
      ...branches.map(({ member: { kind, platform, isHere, layers: own }, isInUse }) =>
        [platform?.architecture ?? kind, isHere && 'here', own.size > 1 && 'unpacked', isInUse && 'used']
          .filter(Boolean)
          .join(' '),
      ),
    ]);

  it('is all that its index lists, and what of it is here', async () => {
    const made = await madeIndex();
    await take(made);
    tagImage(store.context, 'app', 'other:1');
    expect(lines()).toEqual([
      'app:latest,other:1',
      'amd64 here unpacked',
      'arm64 here',
      'unknown here',
      'other here',
    ]);
    await find();
    addContainer(made.arm);
    expect(lines()[2]).toBe('arm64 here unpacked used');
    const [tree] = imageTrees(store.context);
    const all = blobs().reduce((sum, name) => sum + statSync(join(store.context.paths.blobs, name)).size, 0);
    expect([tree?.contentSize, tree?.isInUse]).toEqual([all, true]);
    rmSync(join(store.context.paths.blobs, hexOf(digestOf('bill'))));
    expect(lines()[4]).toBe('other');
  });

  it('is the image alone of an index of which nothing else was asked for', async () => {
    const { whole, open, amd } = await madeIndex();
    await inWorkspace(store.context, (workspace) =>
      intake(store.context, workspace, amd, { names: [NAME], index: whole.document, open }),
    );
    expect(lines()).toEqual(['app:latest', 'amd64 here unpacked', 'index', 'unknown', 'other']);
    rmSync(join(store.context.paths.blobs, hexOf(whole.document.digest)));
    expect(lines()).toEqual(['app:latest', 'amd64 here unpacked']);
  });

  it('is shown by inspect under the names of Docker', async () => {
    const made = await madeIndex();
    await take(made);
    const found = findImage(store.context.database, 'app');
    expect(inspectImage(store.context, found)).toMatchObject({
      Descriptor: { mediaType: MediaType.ociIndex, digest: made.whole.document.digest },
      Manifests: [
        {
          ID: made.amd.manifest.digest,
          Available: true,
          Kind: 'image',
          ImageData: { Platform: { architecture: 'amd64', os: 'linux' }, Containers: [] },
        },
        {
          ID: made.arm.manifest.digest,
          Available: true,
          ImageData: { Size: { Unpacked: 'common1'.length } },
        },
        { Kind: 'attestation', AttestationData: { For: '' } },
        { Kind: 'unknown', Available: true },
      ],
    });
    const without = inspectImage(store.context, found, { manifests: false });
    expect(without).toMatchObject({ Descriptor: { digest: made.whole.document.digest } });
    expect(without).not.toHaveProperty('Manifests');
  });
});

describe('a check of a store with a whole index', () => {
  const check = async (repair: boolean) =>
    (await checkStore(store.context, { deep: true, repair })).faults.map(({ name, detail, state }) =>
      `${state} ${name.replace(':latest', '')} ${detail}`.replace(/sha256:[0-9a-f]+/, 'DIGEST'),
    );
  const blob = (digest: Digest | undefined) => join(store.context.paths.blobs, hexOf(digest ?? digestOf('')));

  it('writes documents again', async () => {
    const made = await madeIndex();
    await take(made);
    rmSync(blob(made.whole.document.digest));
    rmSync(blob(made.arm.config.digest));
    truncateSync(blob(made.whole.entries[2]?.descriptor.digest), 3);
    expect((await check(true)).sort()).toEqual([
      'mended app its index DIGEST is missing',
      'mended app the config DIGEST in its index is missing',
      'mended app the manifest DIGEST in its index is damaged',
    ]);
    expect(await check(false)).toEqual([]);
  });

  it('knows that an index is whole no more when a blob is lost, until it is brought in again', async () => {
    const made = await madeIndex();
    await take(made);
    rmSync(blob(digestOf('bill')));
    expect(await check(false)).toHaveLength(1);
    expect(await check(true)).toEqual([
      expect.stringContaining('mended'),
      expect.stringContaining('limited'),
    ]);
    await take(made);
    expect(await check(false)).toEqual([]);
  });

  it('collects nothing when nobody can say what an index names', async () => {
    await take(await madeIndex());
    store.context.database.run("UPDATE index_document SET body = '{}'");
    expect((await checkStore(store.context, { deep: false, repair: false })).faults).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ state: 'wrong', detail: 'its records are not what their digests say' }),
      ]),
    );
  });
});
