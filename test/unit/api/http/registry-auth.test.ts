import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { registryAuth } from '../../../../src/api/http/registry-auth.ts';

const of = (header: string | undefined) =>
  registryAuth({
    headers: header === undefined ? {} : { 'x-registry-auth': header },
  } as unknown as IncomingMessage);
const encoded = (value: unknown, encoding: 'base64' | 'base64url' = 'base64url') =>
  Buffer.from(JSON.stringify(value)).toString(encoding);
const found = async (header: string) =>
  await of(header)?.find({ domain: 'registry.test', path: 'a' } as never);

describe('X-Registry-Auth', () => {
  it('leaves it to what this machine keeps when it is absent or empty', () => {
    expect(of(undefined)).toBeUndefined();
    expect(of('')).toBeUndefined();
  });

  it.each([[{}], [null], [{ serveraddress: 'registry.test', username: '' }]])(
    'of %j is nobody, whatever this machine keeps',
    async (auth) => {
      expect(of(encoded(auth))).toBeDefined();
      expect(await found(encoded(auth))).toBeUndefined();
    },
  );

  it.each(['base64', 'base64url'] as const)('is read in %s', async (encoding) => {
    const header = encoded({ username: 'me', password: '??>>~~' }, encoding);
    expect(await found(header)).toEqual({ username: 'me', password: '??>>~~' });
  });

  it('may have a name without a password, or a token of the registry’s for its user', async () => {
    expect(await found(encoded({ username: 'me' }))).toEqual({ username: 'me', password: '' });
    expect(await found(encoded({ username: 'me', identitytoken: 't' }))).toEqual({ identityToken: 't' });
  });

  it('may have both in one text, as files of credentials have them, which counts where there is no name', async () => {
    const auth = Buffer.from('me:a:b').toString('base64');
    expect(await found(encoded({ auth, email: 'me@registry.test' }))).toEqual({
      username: 'me',
      password: 'a:b',
    });
    expect(await found(encoded({ auth, username: 'other', password: 'c' }))).toEqual({
      username: 'other',
      password: 'c',
    });
  });

  it.each([
    ['e30x', 'no JSON in base64'],
    ['%%%', 'no JSON in base64'],
    [encoded([]), 'is not an object'],
    [encoded({ username: 1 }), 'username is not a text'],
    [encoded({ auth: Buffer.from('me').toString('base64') }), 'auth: it is no name:password in base64'],
    [encoded({ auth: '%%%' }), 'auth: it is no name:password in base64'],
    [encoded({ registrytoken: 't' }), 'a token of a registry is not passed on'],
  ])('is refused as %s', (header, message) => {
    expect(() => of(header)).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining(message) }),
    );
  });
});
