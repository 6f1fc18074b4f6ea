import { describe, expect, it } from 'vitest';
import { goFileMode, pathStat } from '../../../../src/engine/inspect/path-stat.ts';

describe('a mode as Go has it', () => {
  it.each([
    ['a link', 0o120_777, 134_218_239],
    ['a directory that is sticky', 0o041_777, 2_148_532_735],
    ['a file that sets ids', 0o106_755, 12_583_405],
    ['a pipe', 0o010_644, 33_554_852],
    ['a file', 0o100_640, 0o640],
    ['a disk', 0o060_660, 2 ** 26 + 0o660],
    ['a terminal', 0o020_620, 2 ** 26 + 2 ** 21 + 0o620],
    ['a socket', 0o140_755, 2 ** 24 + 0o755],
  ])('is, of %s, as Docker tells it', (_what, mode, go) => {
    expect(goFileMode(mode)).toBe(go);
  });
});

describe('what lies at a path', () => {
  it('has its time as Go writes it, as far as there are digits', () => {
    const found = { name: 'l', size: 11, mode: 0o120_777, target: '/etc/passwd' };
    expect(pathStat({ ...found, mtime: '1796073654.631280100' })).toEqual({
      name: 'l',
      size: 11,
      mode: 134_218_239,
      mtime: '2026-11-30T21:20:54.6312801Z',
      linkTarget: '/etc/passwd',
    });
    expect(pathStat({ ...found, mtime: '0.000000000' })).toMatchObject({ mtime: '1970-01-01T00:00:00Z' });
  });
});
