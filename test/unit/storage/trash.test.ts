import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Trash } from '../../../src/storage/trash.ts';

const place = mkdtempSync(join(tmpdir(), 'skiff-trash-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

it('takes what lies in the store, and nothing outside of it, whatever a record says', () => {
  const store = join(place, 'store');
  const layers = join(store, 'layers');
  for (const directory of [layers, join(place, 'victim'), join(place, 'store-of-another')])
    mkdirSync(directory, { recursive: true });
  const trash = new Trash(join(store, 'trash'), '/nowhere/helper');
  for (const path of [
    `${layers}/../../victim`,
    join(place, 'victim'),
    join(place, 'store-of-another'),
    store,
  ])
    expect(() => trash.take(path)).toThrow(`${path} does not lie in the store ${store}, and stays`);
  expect(existsSync(join(place, 'victim'))).toBe(true);
  expect(trash.take(join(store, 'gone'))).toBe(undefined);
  expect(existsSync(trash.take(layers) ?? '')).toBe(true);
});
