import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { storePaths } from '../../../src/host/paths.ts';

describe('storePaths', () => {
  it('takes an empty name for the default store, not for the working directory', () => {
    expect(storePaths('')).toEqual(storePaths('/var/lib/skiff'));
    expect(storePaths('').run).toBe('/run/skiff');
  });

  it('gives every other store a runtime root of its own, however the store is written', () => {
    expect(storePaths('/srv/a/../b/')).toEqual(storePaths('/srv/b'));
    expect(storePaths('/srv/b').run).toMatch(/^\/run\/skiff-[0-9a-f]{8}$/);
    expect(storePaths('b').root).toBe(resolve('b'));
  });

  it('are those of one store by whatever links it is named, before it is made and after', () => {
    const directory = realpathSync(mkdtempSync(join(tmpdir(), 'skiff-paths-')));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    mkdirSync(join(directory, 'disk'));
    symlinkSync('disk', join(directory, 'link'));
    const before = storePaths(join(directory, 'link/store'));
    mkdirSync(join(directory, 'disk/store'));
    symlinkSync('link/store', join(directory, 'root'));
    for (const name of ['disk/store', 'link/store', 'root'])
      expect(storePaths(join(directory, name))).toEqual(before);
    expect(before.root).toBe(join(directory, 'disk/store'));
  });
});
