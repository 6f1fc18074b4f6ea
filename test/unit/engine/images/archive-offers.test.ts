import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { offersOf } from '../../../../src/engine/images/archive-offers.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { BlobStore } from '../../../../src/storage/blob-store.ts';
import { readImageArchive } from '../../../../src/storage/tar/image-files.ts';
import { type TarMember, tar } from '../../../helpers/tar.ts';

let root: string;
let blobs: BlobStore;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'archive-offers-'));
  mkdirSync(join(root, 'tmp'));
  blobs = new BlobStore({ blobs: join(root, 'blobs'), tmp: () => join(root, 'tmp') });
});
afterEach(() => {
  expect(readdirSync(join(root, 'tmp'))).toEqual([]);
  rmSync(root, { recursive: true });
});

const INDEX = 'application/vnd.oci.image.index.v1+json';
const layer = tar({ name: 'file', content: 'x' });
const config = JSON.stringify({
  architecture: 'amd64',
  os: 'linux',
  rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
});

const file = (name: string, content: Buffer | string): TarMember => ({ name, content });
const document = (name: string, value: unknown) => file(name, JSON.stringify(value));
const docker = (...images: unknown[]) => document('manifest.json', images);
const layout = (...manifests: unknown[]) => [
  document('oci-layout', { imageLayoutVersion: '1.0.0' }),
  document('index.json', { schemaVersion: 2, mediaType: INDEX, manifests }),
];

async function offers(members: TarMember[], signal?: AbortSignal) {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield tar(...members);
  }
  await using files = await readImageArchive(bytes(), blobs);
  return (await offersOf(files, { signal })).offers;
}

const image = { Config: 'config.json', Layers: ['layer.tar'], RepoTags: ['app:1'] };
const parts = [file('config.json', config), file('layer.tar', layer)];

/** An index under a digest that it names itself. */
function inItself(): TarMember[] {
  const digest = digestOf('itself');
  const entry = { mediaType: INDEX, digest, size: 300 };
  const index = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [entry] }).padEnd(300);
  return [...layout(entry), file(`blobs/sha256/${digest.slice(7)}`, index)];
}

describe('an archive of images', () => {
  it('offers them with their names', async () => {
    expect(await offers([...parts, docker(image)])).toMatchObject([
      { image: { config: { digest: digestOf(config) } }, names: ['docker.io/library/app:1'] },
    ]);
  });

  it.each<[string, TarMember[], string]>([
    ['too many images', [...parts, docker(...Array(1001).fill(image))], 'has more than 1000 images'],
    [
      'too many images in its layout',
      layout(...Array(1001).fill({ mediaType: INDEX, digest: digestOf('x'), size: 1 })),
      'has more than 1000 images',
    ],
    [
      'a config that lies elsewhere',
      [...parts, docker({ ...image, Config: '../../etc/passwd' })],
      'names ../../etc/passwd, but does not have it',
    ],
    [
      'layers that are links to each other',
      [
        file('config.json', config),
        { name: 'layer.tar', type: '2', target: 'other.tar' },
        { name: 'other.tar', type: '1', target: 'layer.tar' },
        docker(image),
      ],
      'names layer.tar, but does not have it',
    ],
    ['fewer layers than its config says', [...parts, docker({ ...image, Layers: [] })], 'layer'],
    ['an index that is in itself', inItself(), 'is damaged in the archive'],
    ['a list of hundreds of kilobytes of nothing', [file('manifest.json', '['.repeat(500_000))], 'JSON'],
  ])('is refused with %s', async (_, members, message) => {
    await expect(offers(members)).rejects.toThrow(message);
  });

  it('is not read on when that was cancelled', async () => {
    const reason = new Error('enough');
    for (const members of [[...parts, docker(image)], inItself()])
      await expect(offers(members, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
