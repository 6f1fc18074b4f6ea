import { describe, expect, it } from 'vitest';
import { platformOf } from '../../../../src/api/http/platform.ts';

describe('a platform', () => {
  it('is none when nothing is said', () => {
    expect(platformOf(undefined)).toBeUndefined();
  });

  it.each([
    [
      { os: 'linux', architecture: 'arm64' },
      { os: 'linux', architecture: 'arm64' },
    ],
    [
      { OS: 'linux', Architecture: 'arm', variant: 'v7' },
      { os: 'linux', architecture: 'arm', variant: 'v7' },
    ],
    [
      { os: 'linux', architecture: 'amd64', variant: '' },
      { os: 'linux', architecture: 'amd64' },
    ],
  ])('may be %j', (value, expected) => {
    expect(platformOf(value)).toEqual(expected);
  });

  it.each<[unknown, string]>([
    [{}, 'needs its os and its architecture'],
    [{ os: 'linux' }, 'needs its os and its architecture'],
    [null, 'platform is not an object'],
    ['linux/arm64', 'platform is not an object'],
    [{ os: 1, architecture: 'arm64' }, 'platform.os is not a text'],
  ])('is not %j', (value, message) => {
    expect(() => platformOf(value)).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining(message) }),
    );
  });
});
