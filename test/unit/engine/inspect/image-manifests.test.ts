import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Targets } from '../../../../src/engine/images/members.ts';
import { imageManifest } from '../../../../src/engine/inspect/descriptor.ts';
import { inspectManifests, listedDescriptor } from '../../../../src/engine/inspect/image-manifests.ts';
import { saveImage } from '../../../../src/engine/store/images.ts';
import { MediaType } from '../../../../src/oci/descriptor.ts';
import { digestOf, hexOf } from '../../../../src/oci/digest.ts';
import { parseImageConfig } from '../../../../src/oci/image-config.ts';
import { useContext } from '../fixtures.ts';

const room = useContext();

const CONFIG = JSON.stringify({
  architecture: 'arm',
  variant: 'v7',
  os: 'linux',
  rootfs: { type: 'layers', diff_ids: [] },
});

const BODY = JSON.stringify({
  schemaVersion: 2,
  mediaType: MediaType.ociManifest,
  config: { mediaType: MediaType.ociConfig, digest: digestOf(CONFIG), size: CONFIG.length },
  layers: [],
});
const MANIFEST = { mediaType: MediaType.ociManifest, digest: digestOf(BODY), size: BODY.length };

function found() {
  const { database } = room.context;
  const image = { id: digestOf(CONFIG), config: CONFIG, layers: [], size: 1, createdAt: 1 };
  const manifest = { ...MANIFEST, imageId: image.id, body: BODY };
  database.transaction(() =>
    saveImage(database, image, { ...manifest, indexDigest: undefined }, ['a.b/c:1']),
  );
  return { image, name: 'a.b/c:1' };
}

it('describes the manifest of an image that is in no index, and of a container the platform, too', () => {
  const image = found();
  expect(inspectManifests(room.context, image, { listed: false })).toEqual({ Descriptor: MANIFEST });
  expect(imageManifest(room.context, image.image.id, parseImageConfig(Buffer.from(CONFIG)))).toEqual({
    ...MANIFEST,
    platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
  });
});

it('describes an image of a list by the index to which its name leads, or by its manifest', () => {
  const { image, name } = found();
  const { database } = room.context;
  const described = (of: string | undefined) =>
    listedDescriptor(new Targets(room.context), { image, name: of })?.Descriptor;
  expect([described(name), described(undefined)]).toEqual([MANIFEST, MANIFEST]);
  const add = `INSERT INTO index_document (digest, media_type, body, whole, image_id) VALUES (?, 'x/index', 'é', 1, ?)`;
  database.run(add, digestOf('named'), null);
  database.run(add, digestOf('held'), image.id);
  database.run('UPDATE image_name SET index_digest = ? WHERE name = ?', digestOf('named'), name);
  const index = { mediaType: 'x/index', size: 2 };
  expect(described(name)).toEqual({ ...index, digest: digestOf('named') });
  expect(described(undefined)).toEqual({ ...index, digest: digestOf('held') });
});

it('describes an image that was chosen from an index that is a blob by that, while it is there', () => {
  const { image, name } = found();
  const { database, paths } = room.context;
  const body = JSON.stringify({ schemaVersion: 2, mediaType: MediaType.ociIndex, manifests: [] });
  const digest = digestOf(body);
  database.run('UPDATE manifest SET index_digest = ?', digest);
  const described = () => listedDescriptor(new Targets(room.context), { image, name })?.Descriptor;
  expect(described()).toEqual(MANIFEST);
  mkdirSync(paths.blobs, { recursive: true });
  writeFileSync(join(paths.blobs, hexOf(digest)), body);
  expect(described()).toEqual({ mediaType: MediaType.ociIndex, digest, size: body.length });
});

it('describes nothing of an image without a manifest', () => {
  const { image } = found();
  const unknown = { ...image, id: digestOf('other') };
  expect(inspectManifests(room.context, { image: unknown, name: undefined })).toBeUndefined();
  expect(listedDescriptor(new Targets(room.context), { image: unknown, name: undefined })).toBeUndefined();
  expect(imageManifest(room.context, unknown.id, parseImageConfig(Buffer.from(CONFIG)))).toBeUndefined();
});
