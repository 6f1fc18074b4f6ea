import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  findImage,
  type ImageRow,
  lookUpImage,
  namesOf,
  saveImage,
} from '../../../../src/engine/store/images.ts';
import { MIGRATIONS } from '../../../../src/engine/store/migrations.ts';
import { Database } from '../../../../src/host/database.ts';
import { type Digest, digestOf } from '../../../../src/oci/digest.ts';

let directory: string;
let database: Database;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'skiff-images-'));
  database = Database.open(join(directory, 'state.db'), MIGRATIONS);
});

afterEach(() => {
  database.close();
  rmSync(directory, { recursive: true, force: true });
});

function save(id: Digest, ...names: string[]): ImageRow {
  const image = { id, config: '{}', layers: [], size: 0, createdAt: 1 };
  const manifest = {
    digest: digestOf(`manifest of ${id}`),
    imageId: id,
    mediaType: '',
    body: '{}',
    indexDigest: undefined,
  };
  database.transaction(() => saveImage(database, image, manifest, names));
  return image;
}

const A = `sha256:aaaa${'0'.repeat(60)}` as Digest;
const B = `sha256:aaab${'0'.repeat(60)}` as Digest;

describe('looking up an image', () => {
  it('finds it by the short and by the full form of its name', () => {
    save(A, 'docker.io/library/busybox:latest');
    for (const text of ['busybox', 'busybox:latest', 'docker.io/library/busybox']) {
      expect(findImage(database, text)).toMatchObject({
        image: { id: A },
        name: 'docker.io/library/busybox:latest',
      });
    }
    expect(lookUpImage(database, 'busybox:1.36')).toBeUndefined();
  });

  it('finds it by digest, whatever tag stands beside the digest', () => {
    const digest = digestOf('index');
    save(A, `docker.io/library/busybox@${digest}`);
    expect(findImage(database, `busybox@${digest}`).image.id).toBe(A);
    expect(findImage(database, `busybox:1.36@${digest}`).image.id).toBe(A);
  });

  it('finds it by its id and by a prefix that fits only one', () => {
    save(A);
    save(B);
    expect(findImage(database, A).image.id).toBe(A);
    expect(findImage(database, 'aaab').image.id).toBe(B);
    expect(() => findImage(database, 'aaa')).toThrowError(expect.objectContaining({ kind: 'conflict' }));
    expect(() => findImage(database, 'ffff')).toThrowError(expect.objectContaining({ kind: 'notFound' }));
  });
});

describe('saving an image', () => {
  it('moves a name from the image that had it', () => {
    save(A, 'docker.io/library/busybox:latest');
    save(B, 'docker.io/library/busybox:latest');
    expect(findImage(database, 'busybox').image.id).toBe(B);
    expect(namesOf(database, A)).toEqual({ tags: [], digests: [] });
  });

  it('keeps one row for the same image under several names', () => {
    save(A, 'docker.io/library/busybox:latest', 'docker.io/library/busybox:1');
    save(A, 'localhost:5000/busybox:1');
    expect(namesOf(database, A).tags).toEqual([
      'docker.io/library/busybox:1',
      'docker.io/library/busybox:latest',
      'localhost:5000/busybox:1',
    ]);
  });
});
