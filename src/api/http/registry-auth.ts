import type { IncomingMessage } from 'node:http';
import { EngineError } from '../../errors.ts';
import type { CredentialSource } from '../../registry/credential.ts';
import { JsonObject } from './json.ts';

/**
 * Reads `X-Registry-Auth`: JSON in base64url. A client says there who it is to the registry that the call is about; one that
 * says nothing is nobody, whatever this machine keeps. Absent: what this machine keeps counts. Throws `invalid`.
 */
export function registryAuth({ headers }: IncomingMessage): CredentialSource | undefined {
  const header = headers['x-registry-auth'];
  if (typeof header !== 'string' || header === '') return undefined;
  const auth = new JsonObject(decoded(header), 'X-Registry-Auth');
  const credential = credentialOf(auth);
  return { find: async () => credential };
}

function credentialOf(auth: JsonObject) {
  const identityToken = auth.text('identitytoken');
  if (identityToken !== undefined) return { identityToken };
  if (auth.text('registrytoken') !== undefined)
    throw auth.refusal(
      'registrytoken',
      'a token of a registry is not passed on',
      'give a name and a password, or an identitytoken',
    );
  const [username, password] = [auth.text('username'), auth.text('password')];
  return username === undefined ? undefined : { username, password: password ?? '' };
}

function decoded(header: string): unknown {
  try {
    return JSON.parse(Buffer.from(header, 'base64url').toString() || '{}');
  } catch (cause) {
    throw new EngineError('invalid', 'X-Registry-Auth is no JSON in base64', { cause });
  }
}
