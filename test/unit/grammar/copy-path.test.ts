import { describe, expect, it } from 'vitest';
import { parseCopySide } from '../../../src/grammar/copy-path.ts';

describe('one side of cp', () => {
  it.each([
    ['web:/etc', { container: 'web', path: '/etc' }],
    ['web:etc', { container: 'web', path: 'etc' }],
    ['web:/a:b', { container: 'web', path: '/a:b' }],
    ['web:', { container: 'web', path: '' }],
    ['/a:b', { path: '/a:b' }],
    ['./a:b', { path: './a:b' }],
    ['../a:b', { path: '../a:b' }],
    ['a/b', { path: 'a/b' }],
    ['-', { path: '-' }],
  ])('%s', (text, side) => {
    expect(parseCopySide(text)).toEqual(side);
  });
});
