import { expect, test } from 'vitest';
import { parseChallenges } from '../../../src/registry/challenge.ts';

test.each([
  ['Basic realm="r"', [['basic', { realm: 'r' }]]],
  ['basic', [['basic', {}]]],
  ['Bearer realm=plain,service=s', [['bearer', { realm: 'plain', service: 's' }]]],
  [
    'Bearer realm="https://auth.example/token",service="a, b",scope="repository:x:pull,push"',
    [['bearer', { realm: 'https://auth.example/token', service: 'a, b', scope: 'repository:x:pull,push' }]],
  ],
  ['BEARER  Realm = "a\\"b\\\\c" , error="x"', [['bearer', { realm: 'a"b\\c', error: 'x' }]]],
  [
    'Negotiate, Basic realm="one", Bearer realm="two",scope="s"',
    [
      ['negotiate', {}],
      ['basic', { realm: 'one' }],
      ['bearer', { realm: 'two', scope: 's' }],
    ],
  ],
  [
    'Negotiate YIIabc==, Basic realm="r"',
    [
      ['negotiate', {}],
      ['basic', { realm: 'r' }],
    ],
  ],
  [',, Basic realm="r",,', [['basic', { realm: 'r' }]]],
  ['Basic realm=""', [['basic', { realm: '' }]]],
  ['Basic realm="open', [['basic', {}]]],
  ['', []],
  ['"', []],
  ['Basic/', [['basic', {}]]],
])('%j is read challenge by challenge', (header, expected) => {
  expect(parseChallenges(header).map(({ scheme, parameters }) => [scheme, parameters])).toEqual(expected);
});
