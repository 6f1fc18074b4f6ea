import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dropWithVolumes } from '../../../../src/engine/state/drop.ts';
import {
  type ContainerId,
  containerById,
  deleteContainer,
  insertContainer,
} from '../../../../src/engine/store/containers.ts';
import { abandonedVolumes, discardUnreferenced } from '../../../../src/engine/store/garbage.ts';
import { trashOf } from '../../../../src/engine/store/trash.ts';
import { deleteVolume } from '../../../../src/engine/store/volume-removal.ts';
import {
  findVolume,
  haveVolumes,
  insertVolume,
  renameVolume,
  usersOf,
  useVolumes,
  volumeByName,
  volumeDirectory,
} from '../../../../src/engine/store/volumes.ts';
import type { VolumeDefinition } from '../../../../src/volume/definition.ts';
import { containerRow, ID, useContext } from '../fixtures.ts';

const room = useContext();
const OTHER = 'd'.repeat(64) as ContainerId;

/** A row and its directory. */
function volume(name: string, changes: Partial<VolumeDefinition> = {}): VolumeDefinition {
  const definition: VolumeDefinition = {
    name,
    driver: 'local',
    labels: {},
    options: {},
    anonymous: false,
    createdAt: 0,
    ...changes,
  };
  insertVolume(room.context.database, definition);
  mkdirSync(join(room.context.paths.volumes, name), { recursive: true });
  return definition;
}

function container(id: ContainerId, ...volumes: VolumeDefinition[]): void {
  const { database } = room.context;
  const mounts = volumes.map(({ name }) => ({ type: 'volume', name, target: '/data' }));
  const row = containerRow({ id, name: `c-${id[0]}`, createdAt: 1 });
  insertContainer(database, { ...row, options: Object.assign(row.options, { mounts }) }, () => false);
  useVolumes(
    database,
    id,
    volumes.map(({ name }) => name),
  );
}

const directories = () => readdirSync(room.context.paths.volumes).sort();

describe('a volume', () => {
  it('is there once', () => {
    volume('data');
    expect(() => volume('data')).toThrow(expect.objectContaining({ kind: 'conflict' }));
  });

  it('is found by its name, and an anonymous one by a beginning that fits only one', () => {
    volume('abcd1');
    const [first, second] = ['abcd2', 'abcd3'].map((begin) => begin.padEnd(64, '0')) as [string, string];
    volume(first, { anonymous: true });
    volume(second, { anonymous: true });
    const { database } = room.context;
    expect(findVolume(database, 'abcd1').name).toBe('abcd1');
    expect(findVolume(database, 'abcd2').name).toBe(first);
    expect(() => findVolume(database, 'abcd')).toThrow(expect.objectContaining({ kind: 'conflict' }));
    expect(() => findVolume(database, 'nope')).toThrow(expect.objectContaining({ kind: 'notFound' }));
  });

  it('cannot be removed while a container uses it, however that one came to go', () => {
    const data = volume('data');
    container(ID, data);
    container(OTHER, data);
    const { context } = room;
    const { database } = context;
    expect(usersOf(database, 'data').map(({ id }) => id)).toEqual([ID, OTHER]);
    expect(deleteVolume(context, trashOf(context), 'data')).toBe(false);
    expect(() => database.run("DELETE FROM volume WHERE name = 'data'")).toThrow();
    deleteContainer(database, ID);
    database.run('DELETE FROM container WHERE id = ?', OTHER);
    expect(usersOf(database, 'data')).toEqual([]);
    expect(deleteVolume(context, trashOf(context), 'data')).toBe(true);
    expect(directories()).toEqual([]);
  });

  it('is not what was seen when it is gone, or another one by now', () => {
    const { database } = room.context;
    expect(haveVolumes(database, [{ name: 'gone', options: {} }])).toBe(false);
    volume('data', { options: { type: 'tmpfs', device: 'tmpfs' } });
    expect(haveVolumes(database, [{ name: 'data', options: {} }])).toBe(false);
    expect(haveVolumes(database, [findVolume(database, 'data')])).toBe(true);
  });

  it('of no name goes with the last container that uses it', () => {
    const [anonymous, named] = [volume('f'.repeat(64), { anonymous: true }), volume('data')];
    container(ID, anonymous, named);
    container(OTHER, anonymous);
    const { context } = room;
    dropWithVolumes(context, ID);
    expect(directories()).toEqual(['data', anonymous.name]);
    dropWithVolumes(context, OTHER);
    expect(directories()).toEqual(['data']);
    expect(volumeByName(context.database, anonymous.name)).toBeUndefined();
  });
});

describe('a new name of a volume', () => {
  it('is known to the containers that use it', () => {
    container(ID, volume('data'), volume('other'));
    const { context } = room;
    renameVolume(context.database, 'data', 'archive');
    expect(usersOf(context.database, 'archive').map(({ id }) => id)).toEqual([ID]);
    expect(containerById(context.database, ID)?.options).toMatchObject({
      mounts: [{ name: 'archive' }, { name: 'other' }],
    });
  });

  it('reaches the directory of one that was killed in between, with all that is in it', () => {
    volume('data');
    const { context } = room;
    writeFileSync(join(context.paths.volumes, 'data', 'file'), '');
    renameVolume(context.database, 'data', 'archive');
    expect(directories()).toEqual(['data']);
    discardUnreferenced(context);
    expect(() => volume('data')).toThrow(expect.objectContaining({ kind: 'conflict' }));
    const directory = volumeDirectory(context, findVolume(context.database, 'archive'));
    expect(readdirSync(directory)).toEqual(['file']);
    expect(directories()).toEqual(['archive']);
    expect(findVolume(context.database, 'archive').renamedFrom).toBeUndefined();
    volume('data');
  });

  it('is one that nobody has, and a volume that is removed before its directory has it leaves nothing', () => {
    const { context } = room;
    volume('data');
    volume('taken');
    expect(() => renameVolume(context.database, 'data', 'taken')).toThrow(
      expect.objectContaining({ kind: 'conflict' }),
    );
    renameVolume(context.database, 'data', 'archive');
    expect(deleteVolume(context, trashOf(context), 'archive')).toBe(true);
    expect(directories()).toEqual(['taken']);
  });
});

describe('a directory of a volume without a row', () => {
  it('is garbage', () => {
    volume('data');
    const { context } = room;
    mkdirSync(join(context.paths.volumes, 'half'));
    expect(abandonedVolumes(context)).toEqual(['half']);
    discardUnreferenced(context);
    expect(directories()).toEqual(['data']);
    expect(existsSync(context.paths.trash)).toBe(true);
  });
});
