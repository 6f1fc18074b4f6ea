import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
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
});
