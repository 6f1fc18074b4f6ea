import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type ContainerId,
  deleteContainer,
  insertContainer,
  type OwnerMaps,
} from '../../../../src/engine/store/containers.ts';
import { discardUnreferenced } from '../../../../src/engine/store/garbage.ts';
import { saveImage } from '../../../../src/engine/store/images.ts';
import { discardUnusedCopies } from '../../../../src/engine/store/layer-copies.ts';
import { layerDirectories, layerName } from '../../../../src/engine/store/layer-directories.ts';
import { trashOf } from '../../../../src/engine/store/trash.ts';
import { digestOf, hexOf } from '../../../../src/oci/digest.ts';
import { containerRow, useContext } from '../fixtures.ts';

const room = useContext();
const LAYER = digestOf('layer');

function maps(outside: number, idMapped = false): OwnerMaps {
  const ranges = [{ inside: 0, outside, count: 65_536 }];
  return { uids: ranges, gids: ranges, idMapped };
}

const directory = (name: string) => join(room.context.paths.layers, name);

function addContainer(id: string, idMaps: OwnerMaps): ContainerId {
  const { database } = room.context;
  const row = containerRow({ id: id.repeat(64) as ContainerId, name: id, layers: [LAYER], idMaps });
  saveImage(
    database,
    { id: row.imageId, config: '{}', layers: [LAYER], size: 0, createdAt: 0 },
    {
      digest: digestOf('m'),
      imageId: row.imageId,
      mediaType: '',
      body: '{"config":{},"layers":[]}',
      indexDigest: undefined,
    },
    [],
  );
  insertContainer(database, row, () => false);
  mkdirSync(directory(layerName(LAYER, idMaps)), { recursive: true });
  return row.id;
}

function collect(): void {
  const { context } = room;
  context.database.transaction(() => discardUnusedCopies(context, trashOf(context)));
}

describe('the directory of a layer', () => {
  it('is its own without id maps, and where the kernel shows it through them', () => {
    expect(layerName(LAYER, undefined)).toBe(hexOf(LAYER));
    expect(layerName(LAYER, maps(1, true))).toBe(hexOf(LAYER));
  });

  it('is a copy named by the maps elsewhere', () => {
    expect(layerName(LAYER, maps(1))).toMatch(new RegExp(`^${hexOf(LAYER)}\\.[0-9a-f]{8}$`));
    expect(layerName(LAYER, maps(1))).not.toBe(layerName(LAYER, maps(2)));
  });

  it('comes topmost first', () => {
    const other = digestOf('other');
    expect(layerDirectories(room.context, [LAYER, other], undefined)).toEqual([
      directory(hexOf(other)),
      directory(hexOf(LAYER)),
    ]);
  });
});

describe('a copy of a layer', () => {
  it('stays while a container stands on it, and goes with the last one', () => {
    const first = addContainer('a', maps(1));
    const second = addContainer('b', maps(1));
    const copy = directory(layerName(LAYER, maps(1)));
    for (const id of [first, second]) {
      collect();
      expect(existsSync(copy)).toBe(true);
      deleteContainer(room.context.database, id);
    }
    collect();
    expect(existsSync(copy)).toBe(false);
  });

  it('of other maps is not what keeps it', () => {
    addContainer('a', maps(1));
    mkdirSync(directory(layerName(LAYER, maps(2))));
    collect();
    expect(existsSync(directory(layerName(LAYER, maps(1))))).toBe(true);
    expect(existsSync(directory(layerName(LAYER, maps(2))))).toBe(false);
  });

  it('goes with what a removed image leaves', () => {
    mkdirSync(directory(layerName(LAYER, maps(3))), { recursive: true });
    discardUnreferenced(room.context);
    expect(existsSync(directory(layerName(LAYER, maps(3))))).toBe(false);
  });
});
