import { describe, expect, it } from 'vitest';
import { plainLine } from '../../../../src/cli/text/escapes.ts';

describe('a line that a program wrote for a terminal', () => {
  it.each([
    ['colours', '\x1b[1;32mok\x1b[0m done', 'ok done'],
    ['a title', 'a\x1b]0;owned\x07b\x1b]8;;http://x\x1b\\c', 'abc'],
    ['movements', '\x1b[2Kup\x1b[1A\x1b7\x1b(B', 'up'],
    ['what was written over', ' 10%\r 50%\r100%\r', '100%'],
    ['what begins no sequence', 'a\x1b', 'a\\x1b'],
    ['other control characters', 'a\x07b\x9bc', 'a\\x07b\\x9bc'],
    ['tabs', 'a\tb', 'a\tb'],
  ])('loses %s', (_, text, plain) => {
    expect(plainLine(text)).toBe(plain);
  });
});
