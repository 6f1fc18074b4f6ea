import { describe, expect, it } from 'vitest';
import {
  checkSnapshotName,
  nameByTime,
  parseSnapshotTarget,
} from '../../../../src/engine/options/snapshot.ts';

describe('CONTAINER[@NAME]', () => {
  it.each([
    ['web', { container: 'web' }],
    ['web@before', { container: 'web', snapshot: 'before' }],
    ['/web@a.b-c_d', { container: '/web', snapshot: 'a.b-c_d' }],
    ['web@a@b', { container: 'web', snapshot: 'a@b' }],
  ])('%s is read', (text, target) => {
    expect(parseSnapshotTarget(text)).toEqual(target);
  });

  it.each(['web@', '@before', '@'])('%s is refused', (text) => {
    expect(() => parseSnapshotTarget(text)).toThrow(
      expect.objectContaining({ kind: 'invalid', message: `"${text}" is no snapshot` }),
    );
  });
});

describe('the name of a snapshot', () => {
  it.each(['ab', '1.2', 'A_b-c', 'x'.repeat(255)])('may be %s', (name) => {
    expect(() => checkSnapshotName(name)).not.toThrow();
  });

  it.each(['', 'a', '.a', '-ab', '..', 'a/b', 'a@b', 'a b', 'é1', 'x'.repeat(256)])('is not %s', (name) => {
    expect(() => checkSnapshotName(name)).toThrow(expect.objectContaining({ kind: 'invalid' }));
  });

  it('is the time in UTC when nobody says, after why it was made, and a number where that is taken', () => {
    const time = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
    const taken = new Set(['2026-01-02T03.04.05Z', '2026-01-02T03.04.05Z-2']);
    const isTaken = (name: string) => taken.has(name);
    const names = (['asked', 'start', 'undo'] as const).map((kind) => nameByTime(kind, time, isTaken));
    expect(names).toEqual([
      '2026-01-02T03.04.05Z-3',
      'before-start-2026-01-02T03.04.05Z',
      'before-undo-2026-01-02T03.04.05Z',
    ]);
    for (const name of names) expect(() => checkSnapshotName(name)).not.toThrow();
  });
});
