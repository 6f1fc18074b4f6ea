import { expect, it } from 'vitest';
import { composeIndex } from '../../../src/image/compose-index.ts';
import { readWholeIndex } from '../../../src/image/whole-index.ts';
import { Documents } from '../../helpers/index-documents.ts';

it('an index that is composed of images is the one that is read of its documents, and the same each time', async () => {
  const documents = new Documents();
  const [amd, arm] = [documents.image('amd64', 'base', 'amd'), documents.image('arm', 'base', 'arm')];
  const v7 = { os: 'linux', architecture: 'arm', variant: 'v7' };
  const images = () => [
    { image: arm.image, platform: v7 },
    { image: amd.image, platform: { os: 'linux', architecture: 'amd64' } },
  ];
  const index = composeIndex(images());
  expect(composeIndex(images()).document.digest).toBe(index.document.digest);
  expect(composeIndex(images().reverse()).document.digest).not.toBe(index.document.digest);
  expect(index.document.parsed.manifests.map(({ platform }) => platform)).toEqual([
    v7,
    { os: 'linux', architecture: 'amd64', variant: undefined },
  ]);
  const read = await readWholeIndex(index.document, documents);
  expect(read.entries.map(({ blobs, image }) => [blobs, image])).toEqual(
    index.entries.map(({ blobs, image }) => [blobs, image]),
  );
});
