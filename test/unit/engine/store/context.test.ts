import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Context } from '../../../../src/engine/store/context.ts';

describe('a command of its own that the helper calls', () => {
  it('is on the same store, and what is appended is never an option', () => {
    const context = new Context({ root: '-store', self: ['/bin/skiff', '/main.ts'] });
    expect(context.ownCommand('explain-failure')).toEqual([
      ...['/bin/skiff', '/main.ts', '--root', `${process.cwd()}/-store`, 'explain-failure', '--'],
    ]);
  });
});

describe('who stays', () => {
  it.skipIf(process.geteuid?.() !== 0)(
    'goes on with what is in the place of a store that was removed',
    () => {
      const directory = mkdtempSync(join(tmpdir(), 'skiff-context-'));
      const root = join(directory, 'store');
      const context = new Context({ root, self: [], stays: true });
      const first = context.database;
      context.renew();
      context.renew();
      expect(context.database).toBe(first);
      rmSync(root, { recursive: true });
      context.renew();
      const second = context.database;
      expect(second).not.toBe(first);
      expect(existsSync(context.paths.database)).toBe(true);
      context.renew();
      expect(context.database).toBe(second);
      renameSync(root, join(directory, 'aside'));
      new Context({ root, self: [] }).database.close();
      context.renew();
      expect(context.database).not.toBe(second);
      for (const each of [first, second]) each.close();
      context.close();
      rmSync(context.paths.run, { recursive: true });
      rmSync(directory, { recursive: true });
    },
  );
});
