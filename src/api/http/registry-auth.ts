import type { IncomingMessage } from 'node:http';
import { registryOf } from '../../engine/images/login.ts';
import { EngineError } from '../../errors.ts';
import type { Credential, CredentialSource } from '../../registry/credential.ts';
import { JsonObject } from './json.ts';

/** In either alphabet: clients write both. */
const BASE64 = /^[\w+/-]*={0,2}$/;

/**
 * Reads `X-Registry-Auth`: JSON in base64url. A client says there who it is to the registry that the call is about; one that
 * says nothing is nobody, whatever this machine keeps. Absent: what this machine keeps counts. Throws `invalid`.
 */
export function registryAuth({ headers }: IncomingMessage): CredentialSource | undefined {
  const header = headers['x-registry-auth'];
  if (typeof header !== 'string' || header === '') return undefined;
  const auth = new JsonObject(decoded('X-Registry-Auth', header), 'X-Registry-Auth');
  const credential = credentialOf(auth);
  return { find: async () => credential };
}

/**
 * Reads `X-Registry-Config`: the same for each registry that a build may ask, by its address. Absent: what this machine keeps
 * counts. Throws `invalid`.
 */
export function registryConfig({ headers }: IncomingMessage): CredentialSource | undefined {
  const name = 'X-Registry-Config';
  const header = headers['x-registry-config'];
  if (typeof header !== 'string' || header === '') return undefined;
  const config = new JsonObject({ [name]: decoded(name, header) });
  const known = new Map<string, Credential | undefined>();
  for (const [server, auth] of config.entries(name)) known.set(domainOf(server), credentialOf(auth));
  return { find: async ({ domain }) => known.get(domain) };
}

/** What is no address of a registry is that of none which is asked. */
function domainOf(server: string): string {
  try {
    return registryOf(server);
  } catch {
    return server;
  }
}

/** Reads Docker's AuthConfig, but for `email`, which went from it long ago; undefined: it is nobody's. Throws `invalid`. */
export function credentialOf(auth: JsonObject): Credential | undefined {
  const identityToken = auth.text('identitytoken');
  if (identityToken !== undefined) return { identityToken };
  if (auth.text('registrytoken') !== undefined)
    throw auth.refusal(
      'registrytoken',
      'a token of a registry is not passed on',
      'give a name and a password, or an identitytoken',
    );
  const [username, password] = [auth.text('username'), auth.text('password')];
  const both = auth.text('auth');
  if (username === undefined && both !== undefined) return decodedPair(auth, both);
  return username === undefined ? undefined : { username, password: password ?? '' };
}

/** `auth` of a file of credentials: name and password in base64, with a colon between them. */
function decodedPair(auth: JsonObject, text: string): Credential {
  const [, username, password] = /^([^:]+):(.*)$/s.exec(Buffer.from(text, 'base64').toString()) ?? [];
  if (BASE64.test(text) && username !== undefined && password !== undefined) return { username, password };
  throw auth.refusal('auth', 'it is no name:password in base64');
}

function decoded(name: string, header: string): unknown {
  try {
    if (!BASE64.test(header)) throw new Error('characters that base64 has not');
    return JSON.parse(Buffer.from(header, 'base64url').toString() || '{}') ?? {};
  } catch (cause) {
    throw new EngineError('invalid', `${name} is no JSON in base64`, { cause });
  }
}
