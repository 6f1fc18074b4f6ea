import { expect, test } from 'vitest';
import { listImages } from '../../../../src/engine/images/list.ts';
import { saveImage } from '../../../../src/engine/store/images.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { useContext } from '../fixtures.ts';

const store = useContext();

test.each([
  ['a time', '2024-05-06T07:08:09Z', Date.UTC(2024, 4, 6, 7, 8, 9)],
  ['nothing', undefined, undefined],
  ['something else', 'yesterday', undefined],
  ['the year 1, which is how Go says nothing', '0001-01-01T00:00:00Z', undefined],
])('of an image that says %s of when it was built, that is known', (_, created, builtAt) => {
  const config = JSON.stringify({ created, rootfs: {} });
  const image = { id: digestOf(config), config, layers: [], size: 0, createdAt: 1 };
  const manifest = {
    digest: digestOf('m'),
    imageId: image.id,
    mediaType: '',
    body: '{}',
    indexDigest: undefined,
  };
  saveImage(store.context.database, image, manifest, []);
  expect(listImages(store.context).map((listed) => listed.builtAt)).toEqual([builtAt]);
});
