import { describe, expect, it } from 'vitest';
import { manifestRowOf, rowOf } from '../../../../src/engine/images/intake.ts';
import { blobsByImage } from '../../../../src/engine/store/image-blobs.ts';
import { deleteName, findImage, giveName, saveImage } from '../../../../src/engine/store/images.ts';
import {
  allIndexes,
  dropUnnamedIndexes,
  imagesInIndexes,
  indexOfName,
  indexRow,
  markIncomplete,
  namesOfIndex,
  readIndex,
  saveIndex,
} from '../../../../src/engine/store/indexes.ts';
import type { Image } from '../../../../src/image/image.ts';
import { allEntries, blobsOfIndex, type WholeIndex } from '../../../../src/image/whole-index.ts';
import { Documents } from '../../../helpers/index-documents.ts';
import { useContext } from '../fixtures.ts';

const store = useContext();
const NAME = 'docker.io/library/app:latest';
const OTHER = 'docker.io/library/other:1';

/** An index of two images, of which one is in an index of its own, and an attestation. */
async function madeIndex(layer = 'base') {
  const documents = new Documents();
  const [amd, arm] = [documents.image('amd64', layer), documents.image('arm64', layer)];
  const inner = documents.index(arm.descriptor);
  const whole = await documents.whole(
    documents.index(amd.descriptor, inner, documents.attestation(`${layer} is good`)),
  );
  return { whole, amd: amd.image, arm: arm.image, inner: inner.digest };
}

function save(image: Image, whole: WholeIndex | undefined, ...names: string[]): void {
  if (whole !== undefined) saveIndex(store.context.database, whole);
  const index = whole?.document;
  saveImage(store.context.database, rowOf(image, [], 0), manifestRowOf(image, index), names);
}

describe('an index that is kept', () => {
  it('is read again as it was, with what is in it', async () => {
    const { database } = store.context;
    const { whole, amd, inner } = await madeIndex();
    save(amd, whole, NAME);
    const { digest } = whole.document;
    const read = readIndex(database, digest);
    expect(JSON.parse(JSON.stringify(read))).toEqual(JSON.parse(JSON.stringify(whole)));
    expect(indexOfName(database, NAME)).toBe(digest);
    for (const each of [digest, inner]) expect(namesOfIndex(database, each)).toEqual([NAME]);
    expect(allIndexes(database).map((row) => [row.digest, row.isWhole])).toEqual(
      [digest, inner].sort().map((each) => [each, true]),
    );
    const platforms = database.all('SELECT platform, kind FROM index_entry ORDER BY kind, platform');
    expect(platforms.map(({ platform, kind }) => `${kind} ${platform}`)).toEqual([
      'attestation unknown/unknown',
      'image linux/amd64',
      'image linux/arm64',
      'index null',
    ]);
  });

  it('has blobs that belong to the image that its name leads to', async () => {
    const { whole, amd, arm } = await madeIndex();
    save(amd, whole, NAME);
    const blobs = blobsByImage(store.context.database).get(amd.config.digest);
    expect(blobs).toEqual(
      new Set([
        whole.document.digest,
        ...allEntries(whole).map(({ descriptor }) => descriptor.digest),
        ...blobsOfIndex(whole).map(({ digest }) => digest),
      ]),
    );
    expect(blobs).toContain(arm.config.digest);
  });

  it('goes with the last name that leads to it, and says which images were in it', async () => {
    const { database } = store.context;
    const { whole, amd, arm } = await madeIndex();
    save(amd, whole, NAME);
    giveName(database, findImage(database, 'app'), OTHER);
    expect(indexOfName(database, OTHER)).toBe(whole.document.digest);
    deleteName(database, NAME);
    expect(dropUnnamedIndexes(database)).toEqual([]);
    deleteName(database, OTHER);
    const dropped = dropUnnamedIndexes(database).flatMap(({ manifests }) => manifests);
    expect(new Set(dropped)).toEqual(new Set([amd, arm].map(({ manifest }) => manifest.digest)));
    expect(database.all('SELECT * FROM index_entry')).toEqual([]);
  });

  it('stays as long as it is in another index', async () => {
    const { database } = store.context;
    const { whole, amd, arm, inner } = await madeIndex();
    save(amd, whole, NAME);
    save(arm, readIndex(database, inner), OTHER);
    deleteName(database, OTHER);
    expect(dropUnnamedIndexes(database)).toEqual([]);
    save(arm, readIndex(database, inner), OTHER);
    deleteName(database, NAME);
    expect(dropUnnamedIndexes(database).map(({ digest }) => digest)).toEqual([whole.document.digest]);
    expect(indexRow(database, inner)).toBeDefined();
  });

  it('names the images that are in it', async () => {
    const { database } = store.context;
    const { whole, amd, arm } = await madeIndex();
    save(amd, whole, NAME);
    save(arm, undefined);
    save((await madeIndex('another')).arm, undefined);
    expect(imagesInIndexes(database)).toEqual(new Set([amd.config.digest, arm.config.digest]));
  });

  it('is whole no more when a part is lost, nor is what it is in, until it comes again', async () => {
    const { database } = store.context;
    const { whole, amd, inner } = await madeIndex();
    save(amd, whole, NAME);
    const states = () => allIndexes(database).map(({ isWhole }) => isWhole);
    markIncomplete(database, whole.document.digest);
    expect(indexRow(database, inner)?.isWhole).toBe(true);
    markIncomplete(database, inner);
    expect(states()).toEqual([false, false]);
    save(amd, whole, NAME);
    expect(states()).toEqual([true, true]);
  });
});

describe('a name', () => {
  it('leads to the index that its image was chosen from as long as that is kept', async () => {
    const { database } = store.context;
    const { whole, amd } = await madeIndex();
    save(amd, undefined, OTHER);
    saveImage(database, rowOf(amd, [], 0), manifestRowOf(amd, whole.document), [OTHER]);
    expect(indexOfName(database, OTHER)).toBeUndefined();
    save(amd, whole, NAME);
    // As a pull of the same again does, without what is in the index.
    saveImage(database, rowOf(amd, [], 0), manifestRowOf(amd, whole.document), [NAME]);
    expect(indexOfName(database, NAME)).toBe(whole.document.digest);
    giveName(database, { image: findImage(database, 'app').image, name: undefined }, OTHER);
    expect(indexOfName(database, OTHER)).toBe(whole.document.digest);
  });

  it('that is given to an image by another name without an index leads to none', async () => {
    const { database } = store.context;
    const { whole, amd } = await madeIndex();
    save(amd, whole, NAME);
    database.run(
      'INSERT INTO image_name VALUES (?, ?, 1, NULL)',
      'docker.io/library/one:1',
      amd.manifest.digest,
    );
    giveName(database, findImage(database, 'one:1'), OTHER);
    expect(indexOfName(database, OTHER)).toBeUndefined();
  });
});
