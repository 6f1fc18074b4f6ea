import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Context } from '../../../src/engine/context.ts';
import { discardUnreferenced } from '../../../src/engine/garbage.ts';
import { deleteImage, saveImage } from '../../../src/engine/image-store.ts';
import { takeLease } from '../../../src/engine/leases.ts';
import { MIGRATIONS } from '../../../src/engine/migrations.ts';
import { Database } from '../../../src/host/database.ts';
import { type Digest, digestOf, hexOf } from '../../../src/oci/digest.ts';

const [SHARED, OWN, CONFIG, OTHER_CONFIG] = ['shared', 'own', 'config', 'other'].map(digestOf) as [
  Digest,
  Digest,
  Digest,
  Digest,
];

let directory: string;
let context: Context;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'skiff-garbage-'));
  const opened = new Context({ root: directory, self: [] });
  const database = Database.open(opened.paths.database, MIGRATIONS);
  context = Object.create(opened, { database: { value: database }, helper: { value: 'unused' } });
});

afterEach(() => {
  context.database.close();
  rmSync(directory, { recursive: true, force: true });
});

/** An image whose layers are blobs and, under the same digests, unpacked layers. */
function addImage(id: Digest, layers: readonly Digest[]): void {
  const body = JSON.stringify({ config: { digest: id }, layers: layers.map((digest) => ({ digest })) });
  const image = { id, config: '{}', layers: [...layers], size: 0, createdAt: 1 };
  saveImage(
    context.database,
    image,
    { digest: digestOf(body), imageId: id, mediaType: '', body, indexDigest: undefined },
    [],
  );
  for (const layer of layers) {
    mkdirSync(join(context.paths.layers, hexOf(layer)), { recursive: true });
    mkdirSync(context.paths.blobs, { recursive: true });
    writeFileSync(join(context.paths.blobs, hexOf(layer)), '');
  }
}

function removeFirstImage(): void {
  context.database.transaction(() => {
    deleteImage(context.database, CONFIG);
    discardUnreferenced(context);
  });
}

describe('what a removed image leaves', () => {
  it('goes to the trash, save what another image names', () => {
    addImage(CONFIG, [SHARED, OWN]);
    addImage(OTHER_CONFIG, [SHARED]);
    removeFirstImage();
    expect(readdirSync(context.paths.layers)).toEqual([hexOf(SHARED)]);
    expect(readdirSync(context.paths.blobs)).toEqual([hexOf(SHARED)]);
    expect(readdirSync(context.paths.trash)).toHaveLength(2);
  });

  it('goes together with what a failed pull has left', () => {
    addImage(CONFIG, [OWN]);
    writeFileSync(join(context.paths.blobs, hexOf(digestOf('left by a pull'))), '');
    removeFirstImage();
    expect(readdirSync(context.paths.blobs)).toEqual([]);
  });

  it('stays while a living process holds a lease on it', () => {
    addImage(CONFIG, [OWN]);
    {
      using _lease = takeLease(context.database, [OWN]);
      removeFirstImage();
      expect(existsSync(join(context.paths.layers, hexOf(OWN)))).toBe(true);
    }
    removeFirstImage();
    expect(existsSync(join(context.paths.layers, hexOf(OWN)))).toBe(false);
  });

  it('is not kept by the lease of a process that is gone', () => {
    addImage(CONFIG, [OWN]);
    context.database.run('INSERT INTO lease (owner, resource) VALUES (?, ?)', `${process.pid} 1 1`, OWN);
    removeFirstImage();
    expect(existsSync(join(context.paths.layers, hexOf(OWN)))).toBe(false);
    expect(context.database.all('SELECT * FROM lease')).toEqual([]);
  });
});
