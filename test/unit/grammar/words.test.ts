import { describe, expect, it } from 'vitest';
import { switchOf } from '../../../src/grammar/words.ts';

describe('a switch that may say how', () => {
  const read = switchOf('text', 'json');

  it.each([
    ['true', 'text'],
    ['1', 'text'],
    ['text', 'text'],
    ['json', 'json'],
    ['false', false],
    ['0', false],
  ])('takes %s', (text, value) => {
    expect(read(text)).toBe(value);
  });

  it('refuses other words, naming those that there are', () => {
    expect(() => read('yaml')).toThrowError(
      expect.objectContaining({ kind: 'invalid', hint: 'use text or json' }),
    );
  });
});
