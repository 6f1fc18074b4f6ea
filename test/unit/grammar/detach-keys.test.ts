import { describe, expect, it } from 'vitest';
import { parseDetachKeys } from '../../../src/grammar/detach-keys.ts';

describe('keys that detach', () => {
  it('are characters, control characters and DEL, as bytes in hex', () => {
    expect(parseDetachKeys('ctrl-p,ctrl-q')).toBe('1011');
    expect(parseDetachKeys('a,ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_,DEL,~')).toBe('61001b1c1d1e1f7f7e');
    expect(parseDetachKeys('')).toBe('');
  });

  it.each(['ctrl-', 'ctrl-P', 'ctrl-pp', 'shift-a', 'ab', 'a,,b', 'ü'])('cannot be %s', (text) => {
    expect(() => parseDetachKeys(text)).toThrow(`invalid detach keys "${text}"`);
  });
});
