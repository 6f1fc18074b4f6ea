import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sweepTemporary, TemporaryDirectory } from '../../../src/host/temporary.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-temporary-'));
});
afterEach(() => rmSync(root, { recursive: true }));

it('is made when it is first asked for, once', () => {
  const tmp = new TemporaryDirectory(join(root, 'tmp'));
  expect(tmp.made()).toBeUndefined();
  expect(existsSync(join(root, 'tmp'))).toBe(false);
  const path = tmp.path();
  expect([tmp.path(), tmp.made(), existsSync(path)]).toEqual([path, path, true]);
  expect(basename(path)).toMatch(new RegExp(`^${process.pid}-\\d+-[0-9a-f]{8}$`));
});

it('what dead processes left, and what nobody can have made, goes into the trash; what lives stays', () => {
  const [tmp, trash] = [join(root, 'tmp'), join(root, 'trash')];
  const mine = new TemporaryDirectory(tmp).path();
  const dead = [`${process.pid}-1-00000000`, '999999999-5-abcdef01', 'stray'];
  for (const name of dead) {
    mkdirSync(join(tmp, name));
    writeFileSync(join(tmp, name, 'file'), '');
  }
  const swept = sweepTemporary(tmp, trash);
  expect(readdirSync(tmp)).toEqual([basename(mine)]);
  expect(swept.map((path) => basename(path).replace(/\.[0-9a-f]+$/, '')).sort()).toEqual(dead.sort());
  for (const path of swept) expect(existsSync(join(path, 'file'))).toBe(true);
});

it('a missing directory needs no sweeping', () => {
  expect(sweepTemporary(join(root, 'none'), join(root, 'trash'))).toEqual([]);
  expect(existsSync(join(root, 'trash'))).toBe(false);
});
