import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseIgnore } from '../../../../src/build/context/ignore.ts';
import { withoutStore } from '../../../../src/engine/build/tree.ts';
import { useContext } from '../fixtures.ts';

const room = useContext();

describe('withoutStore', () => {
  const source = (path: string, ignore?: string) => ({
    name: 'the build context',
    root: `dir:${path}`,
    keepsOwners: false,
    ignore: ignore === undefined ? undefined : parseIgnore(ignore, '.dockerignore'),
  });

  it('leaves the store out of a context in which it lies, by whatever links that is named', () => {
    const store = room.directory.split('/').at(-1) ?? '';
    const link = join(room.directory, 'link');
    symlinkSync('..', link);
    for (const context of [join(room.directory, '..'), link]) {
      const { ignore } = withoutStore(room.context, source(context, 'a'));
      expect(
        ['a', store, `${store}/layers/x`, 'other'].map((path) => ignore?.patterns.judgeWhole(path).matched),
      ).toEqual([true, true, true, false]);
      const own = withoutStore(room.context, source(context)).ignore;
      expect(own?.patterns.judgeWhole(store).matched).toBe(true);
    }
  });

  it('says nothing of one that lies elsewhere, nor of layers', () => {
    const elsewhere = source(join(room.directory, 'context'), 'a');
    mkdirSync(join(room.directory, 'context'));
    expect(withoutStore(room.context, elsewhere)).toBe(elsewhere);
    const layers = { ...elsewhere, root: 'plan:/x' };
    expect(withoutStore(room.context, layers)).toBe(layers);
    const paths = { ...room.context.paths, root: join(room.directory, 'nowhere') };
    expect(withoutStore({ paths }, elsewhere)).toBe(elsewhere);
  });
});
