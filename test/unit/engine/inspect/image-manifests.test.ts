import { expect, it } from 'vitest';
import { imageManifest } from '../../../../src/engine/inspect/descriptor.ts';
import { inspectManifests } from '../../../../src/engine/inspect/image-manifests.ts';
import { saveImage } from '../../../../src/engine/store/images.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { parseImageConfig } from '../../../../src/oci/image-config.ts';
import { useContext } from '../fixtures.ts';

const room = useContext();

const CONFIG = JSON.stringify({
  architecture: 'arm',
  variant: 'v7',
  os: 'linux',
  rootfs: { type: 'layers', diff_ids: [] },
});

function found() {
  const { database } = room.context;
  const image = { id: digestOf(CONFIG), config: CONFIG, layers: [], size: 1, createdAt: 1 };
  const manifest = { digest: digestOf('m'), imageId: image.id, mediaType: 'x/manifest', body: '{ }' };
  database.transaction(() =>
    saveImage(database, image, { ...manifest, indexDigest: undefined }, ['a.b/c:1']),
  );
  return { image, name: 'a.b/c:1' };
}

it('describes the manifest of an image that is in no index, and of a container the platform, too', () => {
  const descriptor = { mediaType: 'x/manifest', digest: digestOf('m'), size: 3 };
  const image = found();
  expect(inspectManifests(room.context, image, { listed: false })).toEqual({ Descriptor: descriptor });
  expect(imageManifest(room.context, image.image.id, parseImageConfig(Buffer.from(CONFIG)))).toEqual({
    ...descriptor,
    platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
  });
});

it('describes nothing of an image without a manifest', () => {
  const { image } = found();
  const unknown = { ...image, id: digestOf('other') };
  expect(inspectManifests(room.context, { image: unknown, name: undefined })).toBeUndefined();
  expect(imageManifest(room.context, unknown.id, parseImageConfig(Buffer.from(CONFIG)))).toBeUndefined();
});
