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
