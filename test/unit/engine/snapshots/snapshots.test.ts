import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { SnapshotKind } from '../../../../src/engine/options/snapshot.ts';
import { keepSnapshot } from '../../../../src/engine/snapshots/keep.ts';
import { settleOwn, settleUndoes } from '../../../../src/engine/snapshots/settle.ts';
import { beginWriting } from '../../../../src/engine/state/writers.ts';
import { containerPaths } from '../../../../src/engine/store/container-paths.ts';
import {
  type ContainerId,
  deleteContainer,
  insertContainer,
} from '../../../../src/engine/store/containers.ts';
import { allAbandonedSnapshots, discardUnreferenced } from '../../../../src/engine/store/garbage.ts';
import {
  completeHalfMade,
  deleteSnapshot,
  discardAbandonedSnapshots,
  findSnapshot,
  isStillThere,
  snapshotsOf,
} from '../../../../src/engine/store/snapshots.ts';
import { trashOf } from '../../../../src/engine/store/trash.ts';
import { containerRow, useContext } from '../fixtures.ts';

const room = useContext();
const WEB = containerRow({ name: 'web', started: false });
const OTHER = containerRow({ id: 'd'.repeat(64) as ContainerId, name: 'other', started: false });

beforeEach(() => {
  for (const row of [WEB, OTHER]) {
    insertContainer(room.context.database, row, () => false);
    mkdirSync(containerPaths(room.context.paths, row.id).upper, { recursive: true });
  }
});

let drafts = 0;
/** A directory as it comes from a copy. */
function draft(content: string): string {
  const path = join(room.directory, `draft${drafts++}`);
  mkdirSync(path);
  writeFileSync(join(path, 'file'), content);
  return path;
}

function keep(name: string | undefined, kind: SnapshotKind = 'asked', kept?: number, row = WEB): string {
  return keepSnapshot(room.context, row, draft(name ?? kind), { name, kind, keep: kept });
}

const directories = (row = WEB) => {
  const { snapshots } = containerPaths(room.context.paths, row.id);
  return existsSync(snapshots) ? readdirSync(snapshots).sort() : [];
};
const names = (row = WEB) => snapshotsOf(room.context, row.id).map(({ name }) => name);

describe('snapshots', () => {
  it('are those of a container, newest first, whatever its clock says, and the newest is the one that is meant', () => {
    keep('one');
    keep('two');
    room.context.database.run('UPDATE snapshot SET created_at = 0 WHERE name = ?', 'two');
    keep('mine', 'asked', undefined, OTHER);
    expect([names(), names(OTHER)]).toEqual([['two', 'one'], ['mine']]);
    expect(findSnapshot(room.context, WEB).name).toBe('two');
    expect(findSnapshot(room.context, WEB, 'one').name).toBe('one');
    expect([directories(), directories(OTHER)]).toEqual([['one', 'two'], ['mine']]);
  });

  it('have names that are free, and say which there are not', () => {
    keep('one');
    expect(() => keep('one')).toThrow(
      expect.objectContaining({ kind: 'conflict', message: 'there is a snapshot web@one already' }),
    );
    expect(() => findSnapshot(room.context, WEB, 'two')).toThrow(
      expect.objectContaining({ kind: 'notFound', message: 'no such snapshot: web@two' }),
    );
    expect(() => findSnapshot(room.context, OTHER)).toThrow(
      expect.objectContaining({ kind: 'notFound', message: 'container other has no snapshots' }),
    );
    const [first, second] = [keep(undefined), keep(undefined)];
    expect(first).not.toBe(second);
  });

  it('of one kind are as many as are to be kept, the newest, and what was asked for stays', () => {
    const asked = [keep('a1'), keep('a2')];
    const starts = [1, 2, 3, 4].map(() => keep(undefined, 'start', 2));
    expect(names()).toEqual([...starts.slice(2).reverse(), ...asked.reverse()]);
    expect(directories()).toEqual(names().sort());
  });

  it('are not made for a container that is gone', () => {
    deleteContainer(room.context.database, WEB.id);
    expect(() => keep('one')).toThrow(expect.objectContaining({ kind: 'notFound' }));
    renameSync(containerPaths(room.context.paths, OTHER.id).directory, join(room.directory, 'away'));
    expect(() => keep('one', 'asked', undefined, OTHER)).toThrow(
      expect.objectContaining({ kind: 'notFound' }),
    );
    expect(snapshotsOf(room.context)).toEqual([]);
  });

  it('go with the row of their container', () => {
    keep('one');
    keep('mine', 'asked', undefined, OTHER);
    deleteContainer(room.context.database, WEB.id);
    expect(snapshotsOf(room.context).map(({ name }) => name)).toEqual(['mine']);
  });

  it('are others once they were removed and made again', () => {
    keep('one');
    const seen = findSnapshot(room.context, WEB, 'one');
    keep('two');
    expect(isStillThere(room.context, seen)).toBe(true);
    deleteSnapshot(room.context, WEB.id, 'one');
    expect(isStillThere(room.context, seen)).toBe(false);
    keep('one');
    expect(isStillThere(room.context, seen)).toBe(false);
  });
});

describe('a directory of a snapshot without a row', () => {
  it('is garbage, and what is made in its place is whole', () => {
    keep('one');
    const { snapshots } = containerPaths(room.context.paths, WEB.id);
    for (const name of ['half', 'two']) mkdirSync(join(snapshots, name, 'old'), { recursive: true });
    expect(allAbandonedSnapshots(room.context)).toEqual([join(snapshots, 'half'), join(snapshots, 'two')]);
    keep('two');
    expect(directories()).toEqual(['one', 'two']);
    expect(readdirSync(join(snapshots, 'two'))).toEqual(['file']);
    mkdirSync(join(snapshots, 'half'));
    discardUnreferenced(room.context);
    expect(directories()).toEqual(['one', 'two']);
    deleteSnapshot(room.context, WEB.id, 'one');
    discardAbandonedSnapshots(room.context, WEB.id, trashOf(room.context));
    expect(directories()).toEqual(['two']);
  });
});

/** Each state in which an undo that restores a snapshot can be killed, once it has begun to write. */
describe('an undo that was killed', () => {
  const paths = () => containerPaths(room.context.paths, WEB.id);
  const content = (path: string) => readFileSync(join(path, 'file'), 'utf8');

  /** The row that it makes first; what is restored is where the old files are to be. */
  function begin(): void {
    writeFileSync(join(paths().upper, 'file'), 'now');
    const replaces = statSync(paths().upper, { bigint: true }).ino.toString();
    keepSnapshot(room.context, WEB, draft('then'), { name: 'undone', kind: 'undo', replaces });
  }

  function exchange(): void {
    const aside = join(room.directory, 'aside');
    renameSync(paths().upper, aside);
    renameSync(join(paths().snapshots, 'undone'), paths().upper);
    renameSync(aside, join(paths().snapshots, 'undone'));
  }

  it('before the exchange, has done nothing', () => {
    begin();
    expect(names()).toEqual([]);
    settleUndoes(room.context);
    expect([names(), directories(), content(paths().upper)]).toEqual([[], [], 'now']);
  });

  it('after the exchange, has happened, and can be undone', () => {
    begin();
    exchange();
    expect(names()).toEqual([]);
    settleUndoes(room.context);
    expect([names(), directories(), content(paths().upper)]).toEqual([['undone'], ['undone'], 'then']);
    expect(content(join(paths().snapshots, 'undone'))).toBe('now');
    expect(findSnapshot(room.context, WEB).kind).toBe('undo');
  });

  it.each([
    ['nothing was exchanged', false],
    ['it was', true],
  ])('is settled by the next one when whoever settled it was killed, too (%s)', (_, exchanged) => {
    begin();
    if (exchanged) exchange();
    renameSync(join(paths().snapshots, 'undone'), join(paths().snapshots, '.undone'));
    expect(allAbandonedSnapshots(room.context)).toEqual([]);
    settleUndoes(room.context);
    expect([names(), directories()]).toEqual(exchanged ? [['undone'], ['undone']] : [[], []]);
    expect(content(paths().upper)).toBe(exchanged ? 'then' : 'now');
  });

  it('is left alone while it is at work, and nobody takes its name', () => {
    begin();
    const end = beginWriting(room.context, WEB);
    settleUndoes(room.context);
    expect(directories()).toEqual(['undone']);
    expect(() => keep('undone')).toThrow(expect.objectContaining({ kind: 'conflict' }));
    expect(deleteSnapshot(room.context, WEB.id, 'undone')).toBe(false);
    exchange();
    completeHalfMade(room.context, WEB.id);
    end?.();
    expect(names()).toEqual(['undone']);
  });

  it('is settled by the next undo, whose the files are then', () => {
    begin();
    const end = beginWriting(room.context, WEB);
    settleOwn(room.context, WEB.id);
    end?.();
    expect([names(), directories()]).toEqual([[], []]);
  });
});
