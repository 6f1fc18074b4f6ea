import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { removeImage } from '../../../../src/engine/images/remove.ts';
import { containerByName, insertContainer } from '../../../../src/engine/store/containers.ts';
import { hasImage, saveImage } from '../../../../src/engine/store/images.ts';
import { digestOf, hexOf } from '../../../../src/oci/digest.ts';
import { containerRow, ID, useContext } from '../fixtures.ts';

const room = useContext();

describe('a removal that is refused', () => {
  it('leaves no row of a container whose mark of being gone it has taken', async () => {
    const { database, paths } = room.context;
    insertContainer(database, containerRow({ autoRemove: true }), () => false);
    mkdirSync(paths.gone, { recursive: true });
    const mark = join(paths.gone, ID);
    writeFileSync(mark, '');
    await expect(removeImage(room.context, 'nothing', { force: false })).rejects.toMatchObject({
      kind: 'notFound',
    });
    const isKnown = containerByName(database, 'name') !== undefined;
    expect(isKnown).toBe(existsSync(mark));
  });
});

describe('a removal whose transaction is not committed', () => {
  it('leaves the image with its layers and blobs', async () => {
    const { database, paths } = room.context;
    const [id, layer] = [digestOf('config'), digestOf('layer')];
    const body = JSON.stringify({ config: { digest: id }, layers: [{ digest: layer }] });
    const manifest = { digest: digestOf(body), imageId: id, mediaType: '', body, indexDigest: undefined };
    saveImage(database, { id, config: '{}', layers: [layer], size: 0, createdAt: 1 }, manifest, []);
    for (const home of [paths.layers, paths.blobs]) mkdirSync(join(home, hexOf(layer)), { recursive: true });
    // What hinders a commit, as a full disk or SIGKILL would.
    database.run('CREATE TABLE holder (image TEXT REFERENCES image (id) DEFERRABLE INITIALLY DEFERRED)');
    database.run('INSERT INTO holder VALUES (?)', id);
    await expect(removeImage(room.context, id, { force: false })).rejects.toThrow();
    expect(hasImage(database, id)).toBe(true);
    expect([paths.layers, paths.blobs].map((home) => readdirSync(home))).toEqual([
      [hexOf(layer)],
      [hexOf(layer)],
    ]);
  });
});
