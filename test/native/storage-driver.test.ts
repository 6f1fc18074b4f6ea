import { existsSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { importArchive } from '../../src/engine/archives/import.ts';
import type { Context } from '../../src/engine/store/context.ts';
import { decideStorageDriver, reasonForCopies } from '../../src/engine/store/storage-driver.ts';
import { HELPER, pieces } from '../helpers/layers.ts';
import { tar } from '../helpers/tar.ts';
import { useContext } from '../unit/engine/fixtures.ts';

const store = useContext(HELPER);
const asking = (storage: 'overlay' | 'copy'): Context =>
  Object.create(store.context, { askedStorage: { value: storage } });

describe('the storage driver of a store', () => {
  it('is overlay where one can be mounted, and stays it', async () => {
    const { paths } = store.context;
    expect(await decideStorageDriver(store.context)).toBe('overlay');
    expect(statSync(paths.layers).mode & 0o777).toBe(0o700);
    expect(existsSync(paths.wholeTrees)).toBe(false);
    expect(await decideStorageDriver(asking('overlay'))).toBe('overlay');
    await expect(decideStorageDriver(asking('copy'))).rejects.toMatchObject({ kind: 'conflict' });
  });

  it('is what is asked for, and stays it', async () => {
    const { paths } = store.context;
    expect(await decideStorageDriver(asking('copy'))).toBe('copy');
    expect(readFileSync(paths.wholeTrees, 'utf8')).toBe('asked for by SKIFF_STORAGE');
    expect(reasonForCopies(store.context)).toBe('asked for by SKIFF_STORAGE');
    expect(await decideStorageDriver(store.context)).toBe('copy');
    await expect(decideStorageDriver(asking('overlay'))).rejects.toMatchObject({ kind: 'conflict' });
  });

  it('is decided once by several commands that begin a store, each of which is asked for another', async () => {
    const decided = await Promise.allSettled(
      [asking('copy'), asking('overlay'), store.context].map((context) => decideStorageDriver(context)),
    );
    const answers = decided.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(new Set(answers).size).toBe(1);
    const [refused, ...more] = decided.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    expect(refused).toMatchObject({ kind: 'conflict' });
    expect(more).toEqual([]);
  });

  it('is decided with the first layer', async () => {
    const { context } = store;
    expect(existsSync(context.paths.layers)).toBe(false);
    await importArchive(asking('copy'), pieces(tar({ name: 'a', content: 'a' })), { from: '-' });
    expect(await decideStorageDriver(context)).toBe('copy');
  });
});
