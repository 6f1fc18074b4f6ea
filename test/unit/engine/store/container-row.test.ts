import { describe, expect, it } from 'vitest';
import type { ContainerRow } from '../../../../src/engine/store/container-row.ts';
import { allContainers, containerById, insertContainer } from '../../../../src/engine/store/containers.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { containerRow, ID, useContext } from '../fixtures.ts';

const test = useContext();

/** Every member has a value of its own. */
const FULL: ContainerRow = containerRow({
  name: 'full',
  imageName: 'busybox',
  layers: [digestOf('a'), digestOf('b')],
  argv: ['sh', '-c', 'true'],
  idMaps: {
    uids: [{ inside: 0, outside: 5, count: 2 }],
    gids: [{ inside: 1, outside: 6, count: 3 }],
    idMapped: true,
  },
  autoRemove: true,
  createdAt: 1_700_000_000_123,
  starter: '4711 815',
  started: true,
  boot: 'boot',
  wanted: 'running',
  error: { message: 'no', exitCode: 127, kind: 'notFound', hint: 'hint' },
  ended: { code: 137, signal: 9, oom: true, started: 1, finished: 2, oomKills: 1 },
  imageConfig: '{}',
});

function insert(row: ContainerRow): void {
  insertContainer(test.context.database, row, () => false);
}

/** What somebody else has put there. */
function damage(column: string, text: string | null): void {
  insert(containerRow());
  test.context.database.run(`UPDATE container SET ${column} = ?`, text);
}

const read = () => containerById(test.context.database, ID) as ContainerRow;

describe('a row of a container', () => {
  it('is read as it was inserted, with every member', () => {
    insert(FULL);
    expect({ ...read() }).toEqual(FULL);
    expect(Object.keys(read()).sort()).toEqual(Object.keys(FULL).sort());
  });

  it('is read as it was inserted when nothing is there that may be absent', () => {
    insert(containerRow({ boot: undefined, started: false, wanted: 'stopped' }));
    expect({ ...read() }).toEqual(containerRow({ boot: undefined, started: false, wanted: 'stopped' }));
  });

  it('keeps what it is asked for, and copies have everything', () => {
    insert(FULL);
    const row = read();
    expect(row.options).toBe(row.options);
    const copy = { ...read(), name: 'copy' };
    expect(copy).toEqual({ ...FULL, name: 'copy' });
  });

  it.each([
    ['options', 'null', 'options'],
    ['options', '{', 'options'],
    ['options', '{"image":"busybox"}', 'options.process'],
    ['options', '{"image":"busybox","process":null}', 'options.process'],
    ['options', '{"image":1}', 'options.image'],
    ['argv', '"sh"', 'argv'],
    ['layers', '{}', 'layers'],
    ['id_maps', '{"uids":[]}', 'id_maps.gids'],
    ['ended', '{}', 'ended.code'],
    ['error', '{"message":"no"}', 'error.exitCode'],
  ])('whose %s is %s is said to be damaged, and where: %s', (column, text, where) => {
    damage(column, text);
    expect(() => ({ ...read() })).toThrow(
      expect.objectContaining({
        kind: 'internal',
        message: `the record of container ${ID.slice(0, 12)} is damaged: ${where} is not what it should be`,
      }),
    );
  });

  it('that is damaged does not keep others, nor its own other members, from being read', () => {
    damage('options', 'x');
    expect(allContainers(test.context.database).map(({ name }) => name)).toEqual(['name']);
    expect(() => read().options).toThrow('is damaged');
  });
});
