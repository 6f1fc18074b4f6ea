import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { IdMaps, IdRange } from '../../../../src/engine/options/create.ts';
import {
  areFree,
  checkIdMaps,
  chooseFree,
  outsideOf,
  rootOwner,
} from '../../../../src/engine/prepare/id-maps.ts';
import { insertContainer, type OwnerMaps } from '../../../../src/engine/store/containers.ts';
import { saveImage } from '../../../../src/engine/store/images.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { containerRow, useContext } from '../fixtures.ts';

const room = useContext();

/** `inside:outside:count`, as users write them. */
function ranges(...texts: string[]): IdRange[] {
  return texts.map((text) => {
    const [inside = 0, outside = 0, count = 0] = text.split(':').map(Number);
    return { inside, outside, count };
  });
}

const maps = (...texts: string[]): IdMaps => ({ uids: ranges(...texts), gids: ranges(...texts) });
const EVERYTHING = maps('0:0:4294967295');

describe('an explicit id map', () => {
  it('may have many ranges', () => {
    expect(() =>
      checkIdMaps(maps('0:100000:1000', '1000:5000:1', '2000:300000:10'), EVERYTHING),
    ).not.toThrow();
  });

  it.each([
    ['no ranges', maps(), /between 1 and 340 ranges/],
    ['a range of nothing', maps('0:100000:0'), /0:100000:0 goes beyond/],
    ['ids that overlap in the container', maps('0:1000:10', '5:2000:10'), /overlap in the container/],
    ['ids that overlap on the host', maps('0:1000:10', '10:1005:10'), /overlap on the host/],
    ['the id that is none', maps('0:4294967290:6'), /goes beyond/],
    ['no root', maps('1:100000:10'), /leave out id 0/],
    ['an id that is no whole number', maps('0:0.5:10'), /goes beyond/],
  ])('with %s is refused', (_, wrong, message) => {
    expect(() => checkIdMaps(wrong, EVERYTHING)).toThrowError(message);
  });

  it('has only ids that skiff has itself, be they of several ranges', () => {
    const own = maps('0:100000:1000', '1000:500000:1000');
    expect(() => checkIdMaps(maps('0:500:1000'), own)).not.toThrow();
    expect(() => checkIdMaps(maps('0:1500:1000'), own)).toThrowError(/skiff itself does not have/);
  });

  it('tells who an id of the container is on the host', () => {
    const shifted = maps('0:100000:10', '10:7:1');
    expect(rootOwner(shifted)).toEqual({ uid: 100000, gid: 100000 });
    expect([9, 10, 11].map((id) => outsideOf(id, shifted.uids))).toEqual([100009, 7, undefined]);
  });
});

describe('a range that is chosen', () => {
  const offered = {
    uids: [{ start: 100_000, count: 3 * 65_536 }],
    gids: [{ start: 200_000, count: 3 * 65_536 }],
  };

  it('is the lowest free one of each kind', () => {
    const first = chooseFree(offered, []);
    expect(first).toEqual({ uids: ranges('0:100000:65536'), gids: ranges('0:200000:65536') });
    const second = chooseFree(offered, [first]);
    expect(second.uids).toEqual(ranges('0:165536:65536'));
    expect(chooseFree(offered, [second])).toEqual(first);
  });

  it('avoids what an explicit map of another container takes of it', () => {
    expect(chooseFree(offered, [{ uids: ranges('0:110000:1'), gids: [] }]).uids).toEqual(
      ranges('0:110001:65536'),
    );
  });

  it('goes on in the next line of the file', () => {
    const lines = {
      ...offered,
      uids: [
        { start: 1, count: 10 },
        { start: 300_000, count: 65_536 },
      ],
    };
    expect(chooseFree(lines, []).uids).toEqual(ranges('0:300000:65536'));
  });

  it('is refused when all are held', () => {
    const small = { uids: [{ start: 1, count: 65_536 }], gids: [{ start: 1, count: 65_536 }] };
    expect(() => chooseFree(small, [chooseFree(small, [])])).toThrowError(/1 containers hold the others/);
  });

  it('is free until a row has it', () => {
    const { database } = room.context;
    const row = containerRow({ idMaps: { ...maps('0:100000:65536'), idMapped: true } satisfies OwnerMaps });
    saveImage(
      database,
      { id: row.imageId, config: '{}', layers: [], size: 0, createdAt: 0 },
      { digest: digestOf('m'), imageId: row.imageId, mediaType: '', body: '{}', indexDigest: undefined },
      [],
    );
    expect(areFree(database, maps('0:165535:10'))).toBe(true);
    insertContainer(database, row, () => false);
    expect(areFree(database, maps('0:165535:10'))).toBe(false);
    expect(areFree(database, maps('0:165536:10'))).toBe(true);
    mkdirSync(room.context.paths.gone, { recursive: true });
    writeFileSync(join(room.context.paths.gone, row.id), '');
    // Still its: the row goes with the next sweep, in the transaction that asks.
    expect(areFree(database, maps('0:165535:10'))).toBe(false);
  });
});
