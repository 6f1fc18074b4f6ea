import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { takeLease } from '../../../../src/engine/store/blob-leases.ts';
import { discardUnreferenced } from '../../../../src/engine/store/garbage.ts';
import { deleteImage, saveImage } from '../../../../src/engine/store/images.ts';
import { type Digest, digestOf, hexOf } from '../../../../src/oci/digest.ts';
import { useContext } from '../fixtures.ts';

const [SHARED, OWN, CONFIG, OTHER_CONFIG] = ['shared', 'own', 'config', 'other'].map(digestOf) as [
  Digest,
  Digest,
  Digest,
  Digest,
];

const room = useContext();

/** An image whose layers are blobs and, under the same digests, unpacked layers. */
function addImage(id: Digest, layers: readonly Digest[]): void {
  const body = JSON.stringify({ config: { digest: id }, layers: layers.map((digest) => ({ digest })) });
  const image = { id, config: '{}', layers: [...layers], size: 0, createdAt: 1 };
  saveImage(
    room.context.database,
    image,
    { digest: digestOf(body), imageId: id, mediaType: '', body, indexDigest: undefined },
    [],
  );
  for (const layer of layers) {
    mkdirSync(join(room.context.paths.layers, hexOf(layer)), { recursive: true });
    mkdirSync(room.context.paths.blobs, { recursive: true });
    writeFileSync(join(room.context.paths.blobs, hexOf(layer)), '');
  }
}

function removeFirstImage(): void {
  deleteImage(room.context.database, CONFIG);
  discardUnreferenced(room.context);
}

describe('what a removed image leaves', () => {
  it('goes to the trash, save what another image names', () => {
    addImage(CONFIG, [SHARED, OWN]);
    addImage(OTHER_CONFIG, [SHARED]);
    removeFirstImage();
    expect(readdirSync(room.context.paths.layers)).toEqual([hexOf(SHARED)]);
    expect(readdirSync(room.context.paths.blobs)).toEqual([hexOf(SHARED)]);
    expect(readdirSync(room.context.paths.trash)).toHaveLength(2);
  });

  it('goes together with what a failed pull has left', () => {
    addImage(CONFIG, [OWN]);
    writeFileSync(join(room.context.paths.blobs, hexOf(digestOf('left by a pull'))), '');
    removeFirstImage();
    expect(readdirSync(room.context.paths.blobs)).toEqual([]);
  });

  it('stays while a living process holds a lease on it', () => {
    addImage(CONFIG, [OWN]);
    {
      using _lease = takeLease(room.context.database, [OWN]);
      removeFirstImage();
      expect(existsSync(join(room.context.paths.layers, hexOf(OWN)))).toBe(true);
    }
    removeFirstImage();
    expect(existsSync(join(room.context.paths.layers, hexOf(OWN)))).toBe(false);
  });

  it('is not kept by the lease of a process that is gone', () => {
    addImage(CONFIG, [OWN]);
    room.context.database.run('INSERT INTO lease (owner, resource) VALUES (?, ?)', `${process.pid} 1 1`, OWN);
    removeFirstImage();
    expect(existsSync(join(room.context.paths.layers, hexOf(OWN)))).toBe(false);
    expect(room.context.database.all('SELECT * FROM lease')).toEqual([]);
  });
});

describe('a lease that cannot be ended', () => {
  it('hides no other error, and is told in a transaction', () => {
    const { database } = room.context;
    const lease = takeLease(database, [OWN]);
    database.run('PRAGMA query_only=1');
    const use = () => {
      using _held = lease;
      throw new Error('the first');
    };
    expect(use).toThrow('the first');
    expect(() => lease.release()).toThrow('readonly');
  });
});
