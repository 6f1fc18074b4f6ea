import { describe, expect, it } from 'vitest';
import { checkStore } from '../../../../src/engine/check/check.ts';
import { useContext } from '../fixtures.ts';

const room = useContext();
const LOOK = { deep: false, repair: false };

describe('a check of the records', () => {
  it('tells of rows that refer to none, and looks no further', async () => {
    const { database } = room.context;
    database.run('PRAGMA foreign_keys=OFF');
    database.run("INSERT INTO manifest VALUES ('sha256:a', 'sha256:gone', '', '{}', NULL)");
    const { isTrue, faults } = await checkStore(room.context, LOOK);
    expect(isTrue).toBe(false);
    expect(faults).toEqual([
      expect.objectContaining({
        topic: 'database',
        state: 'wrong',
        detail: 'row 1 of manifest refers to no image',
        canBeMended: false,
      }),
    ]);
  });

  it('tells of an image without a manifest, and of one whose records are not what its digest says', async () => {
    const { database } = room.context;
    const id = `sha256:${'a'.repeat(64)}`;
    database.run("INSERT INTO image VALUES (?, '{}', '[]', 0, 0)", id);
    const [bare] = (await checkStore(room.context, LOOK)).faults;
    expect(bare).toMatchObject({ topic: 'image', name: id, state: 'wrong', detail: 'has no manifest' });
    database.run("INSERT INTO manifest VALUES ('sha256:b', ?, '', '{}', NULL)", id);
    const [changed] = (await checkStore(room.context, LOOK)).faults;
    expect(changed).toMatchObject({ state: 'wrong', detail: 'its records are not what their digests say' });
  });

  it('forgets leases of the dead, and notes about what is gone, when it repairs', async () => {
    const { database } = room.context;
    database.run("INSERT INTO lease VALUES ('1 1 1', 'sha256:x')");
    database.run("INSERT INTO layer_size VALUES ('sha256:gone', 5)");
    const found = await checkStore(room.context, LOOK);
    expect([found.isTrue, found.faults.map(({ topic, state }) => `${state} ${topic}`)]).toEqual([
      true,
      ['left layer', 'left lease'],
    ]);
    const { faults } = await checkStore(room.context, { deep: false, repair: true });
    expect(faults.map(({ state }) => state)).toEqual(['mended', 'mended']);
    expect(database.all('SELECT * FROM lease')).toEqual([]);
    expect(database.all('SELECT * FROM layer_size')).toEqual([]);
  });
});
