import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { renameContainer } from '../../../../src/engine/lifecycle/rename.ts';
import {
  type ContainerId,
  containerByName,
  insertContainer,
  recordEnd,
} from '../../../../src/engine/store/containers.ts';
import { containerRow, useContext } from '../fixtures.ts';

const room = useContext();
const ROW = containerRow({ name: 'old' });
const OTHER = containerRow({
  id: 'd'.repeat(64) as ContainerId,
  name: 'other',
  autoRemove: true,
});

beforeEach(() => {
  insertContainer(room.context.database, ROW, () => false);
  mkdirSync(join(room.context.paths.containers, ROW.id), { recursive: true });
});

describe('a new name for a container', () => {
  it('takes the place of the old one, which is free then', () => {
    renameContainer(room.context, ROW, 'new');
    expect(containerByName(room.context.database, 'new')?.id).toBe(ROW.id);
    expect(containerByName(room.context.database, 'old')).toBeUndefined();
  });

  it('may be written with a slash in front, as Docker shows names', () => {
    renameContainer(room.context, ROW, '/new');
    expect(containerByName(room.context.database, 'new')?.id).toBe(ROW.id);
  });

  it('is refused when it is no name, or the one that it has', () => {
    for (const name of ['', 'a', '-new', 'a/b', 'old']) {
      expect(() => renameContainer(room.context, ROW, name)).toThrow(
        expect.objectContaining({ kind: 'invalid' }),
      );
    }
  });

  it('takes the place of the one that it has by now, not of the one by which it was found', () => {
    renameContainer(room.context, ROW, 'new');
    renameContainer(room.context, ROW, 'newer');
    const told = readFileSync(room.context.paths.events, 'utf8').trim().split('\n');
    expect(told.map((line) => JSON.parse(line).Actor.Attributes.oldName)).toEqual(['/old', '/new']);
    expect(() => renameContainer(room.context, ROW, 'newer')).toThrow('is called that already');
  });

  it('is refused for a container that is gone, though its row is still there', () => {
    rmSync(join(room.context.paths.containers, ROW.id), { recursive: true });
    expect(() => renameContainer(room.context, ROW, 'new')).toThrow(
      expect.objectContaining({ kind: 'notFound' }),
    );
  });

  it('is refused when another container has it', () => {
    const ended = { code: 0, oom: false, started: 1, finished: 2 };
    insertContainer(room.context.database, OTHER, () => false);
    recordEnd(room.context.database, OTHER.id, ended);
    expect(() => renameContainer(room.context, ROW, 'other')).toThrow(
      expect.objectContaining({ kind: 'conflict' }),
    );
  });

  it('may be that of a container that is gone, though its row is still there', () => {
    insertContainer(room.context.database, OTHER, () => false);
    renameContainer(room.context, ROW, 'other');
    expect(containerByName(room.context.database, 'other')?.id).toBe(ROW.id);
  });
});
