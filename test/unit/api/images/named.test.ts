import { describe, expect, it } from 'vitest';
import { isOfOne, named } from '../../../../src/api/images/named.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('a name and a tag of two parameters', () => {
  it.each([
    ['app', '2', 'app:2'],
    ['app:1', '2', 'app:2'],
    ['localhost:5000/team/app', '2', 'localhost:5000/team/app:2'],
    ['docker.io/library/app', '2', 'app:2'],
    ['app:1', DIGEST, `app@${DIGEST}`],
    [`app@${DIGEST}`, '2', `app:2@${DIGEST}`],
    ['app:1', undefined, 'app:1'],
    ['app', undefined, 'app'],
  ])('%s and %s are %s', (name, tag, both) => {
    expect(named(name, tag)).toBe(both);
  });

  it.each(['UPPER', 'a'.repeat(64), ''])('are none when the name is %j', (name) => {
    expect(() => named(name, 'x')).toThrow(expect.objectContaining({ kind: 'invalid' }));
  });

  it('stand for a repository only where neither says a tag', () => {
    expect(['app:1', `app@${DIGEST}`, 'host:5000/app:1'].map(isOfOne)).toEqual([true, true, true]);
    expect(['app', 'host:5000/app'].map(isOfOne)).toEqual([false, false]);
  });
});
