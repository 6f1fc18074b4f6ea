import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { linkStatusOf, statusOf } from '../../../src/host/named-path.ts';

const directory = mkdtempSync(join(tmpdir(), 'skiff-named-'));
afterAll(() => rmSync(directory, { recursive: true }));
const file = join(directory, 'file');
const loop = join(directory, 'loop');
const link = join(directory, 'link');
writeFileSync(file, 'text');
symlinkSync(loop, loop);
symlinkSync(file, link);

describe('a path that a user has named', () => {
  it('is what is there, links followed or not, or nothing', () => {
    expect(statusOf(link)?.isFile()).toBe(true);
    expect(linkStatusOf(link)?.isSymbolicLink()).toBe(true);
    expect([statusOf(join(directory, 'none')), linkStatusOf(join(directory, 'none'))]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it.each([
    ['a loop of links', loop, 'too many links on the way'],
    ['below a file', join(file, 'x'), 'not a directory'],
    ['a long name', join(directory, 'x'.repeat(300)), 'too long for a path'],
    ['a long path', `/${'x/'.repeat(3000)}`, 'too long for a path'],
  ])('that is %s is refused, and is no failure of ours', (_what, path, why) => {
    expect(() => statusOf(path)).toThrow(
      expect.objectContaining({ kind: 'invalid', message: `${why}: ${path}` }),
    );
  });
});
