import { describe, expect, it } from 'vitest';
import { anonymousName, checkVolumeName } from '../../../src/volume/name.ts';

describe('the name of a volume', () => {
  it.each(['aa', '0a', 'a.b_c-d', 'A1', anonymousName(), 'a'.repeat(255)])('may be %s', (name) => {
    expect(() => checkVolumeName(name)).not.toThrow();
  });

  // The answers of Docker 20.10.
  it.each([
    ['a', 'volume name is too short, names should be at least two alphanumeric characters'],
    ...['.x', 'x y', 'a/b', '-a', '_a', '', 'ä', 'aa\n', '..'].map((name) => [
      name,
      `"${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed`,
    ]),
    ['a'.repeat(256), /^the volume name a+… is longer than 255 bytes$/],
  ] as [string, string | RegExp][])('cannot be %j', (name, message) => {
    expect(() => checkVolumeName(name)).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        message: typeof message === 'string' ? message : expect.stringMatching(message),
      }),
    );
  });

  it('is made up of 64 hex digits, another one each time', () => {
    expect(anonymousName()).toMatch(/^[0-9a-f]{64}$/);
    expect(anonymousName()).not.toBe(anonymousName());
  });
});
