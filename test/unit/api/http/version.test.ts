import { describe, expect, it } from 'vitest';
import { splitVersion } from '../../../../src/api/http/version.ts';

describe('the version of a request', () => {
  it.each([
    ['/info', 51, '/info'],
    ['/v1.24/info', 24, '/info'],
    ['/v1.51/containers/json', 51, '/containers/json'],
    ['/v1.041/info', 41, '/info'],
    ['/v1.41/v1.24/info', 41, '/v1.24/info'],
    ['/volumes/v1.41/x', 51, '/volumes/v1.41/x'],
    ['/version', 51, '/version'],
    ['/v1.41', 51, '/v1.41'],
    ['/vx/info', 51, '/vx/info'],
    ['/v1.41//info', 41, '//info'],
  ])('of %s is 1.%i', (path, version, rest) => {
    expect(splitVersion(path)).toEqual({ version, rest });
  });

  it.each([
    ['/v1.23/info', 'too old. Minimum supported API version is 1.24'],
    ['/v1.0/info', 'too old'],
    ['/v0.1041/info', 'too old'],
    ['/v0.0/info', 'too old'],
    ['/v1.52/info', 'too new. Maximum supported API version is 1.51'],
    ['/v1.1051/info', 'too new'],
    ['/v2.0/info', 'too new'],
    ['/v2.41/info', 'too new'],
    ['/v1/info', 'no version of the API'],
    ['/v1.41.0/info', 'no version of the API'],
    ['/v1.99999/info', 'no version of the API'],
  ])('is refused of %s: %s', (path, message) => {
    expect(() => splitVersion(path)).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining(message) }),
    );
  });
});
