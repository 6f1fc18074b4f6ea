import { EngineError } from '../errors.ts';
import { readDocument } from './content-encoding.ts';
import type { Credential } from './credential.ts';
import {
  explainTransportFailure,
  HOW_TO_READ,
  printable,
  RegistryError,
  TransportFailure,
} from './errors.ts';
import { type RetryPolicy, sendWithRetries } from './retry.ts';
import { drain, type HttpRequest, type Transport } from './transport.ts';

/** A bearer token. */
export interface Token {
  value: string;
  /** Milliseconds since the epoch; a little before the server stops accepting it. */
  expires: number;
}

export interface TokenRequest {
  /** The registry's domain, for messages. */
  registry: string;
  realm: URL;
  service: string | undefined;
  scopes: readonly string[];
  credential: Credential | undefined;
}

const TOKEN_LIMIT = 1024 * 1024;
/** How long a token lasts when the server does not say (distribution spec, token authentication). */
const DEFAULT_LIFETIME = 60;
const CLIENT_ID = 'skiff';

/**
 * Fetches a token: with GET and basic authentication, or for an identity token with POST as OAuth 2 wants it
 * (distribution, "Token Authentication Specification" and "Oauth2 Token Authentication").
 * Throws `unauthorized` for refused credentials, `unavailable` and `invalid` for a server that does not work.
 */
export async function fetchToken(
  asked: TokenRequest,
  { transport, retry, now }: { transport: Transport; retry: RetryPolicy; now: () => number },
): Promise<Token> {
  const { registry } = asked;
  try {
    const request = buildRequest(asked);
    const response = await sendWithRetries(transport, request, retry);
    if (response.status !== 200) {
      await drain(response);
      throw refused(asked, { method: request.method, status: response.status });
    }
    const body = await readDocument(response, TOKEN_LIMIT, `answer of token server ${asked.realm.host}`);
    return readToken(body, asked, now());
  } catch (error) {
    throw error instanceof TransportFailure ? explainTransportFailure(error, registry) : error;
  }
}

function buildRequest({ realm, service, scopes, credential }: TokenRequest): HttpRequest {
  const url = new URL(realm);
  if (credential !== undefined && 'identityToken' in credential) {
    const scope = scopes.join(' ');
    const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: CLIENT_ID, scope });
    if (service !== undefined) form.set('service', service);
    form.set('refresh_token', credential.identityToken);
    return { method: 'POST', url, form };
  }
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  url.searchParams.set('client_id', CLIENT_ID);
  if (credential === undefined) return { method: 'GET', url };
  url.searchParams.set('account', credential.username);
  return { method: 'GET', url, headers: { authorization: basicAuthorization(credential) } };
}

/** The value of `Authorization` for a name and a password (RFC 7617). */
export function basicAuthorization({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function readToken(body: Uint8Array | undefined, { registry, realm }: TokenRequest, now: number): Token {
  let answer: Readonly<Record<string, unknown>>;
  try {
    answer = JSON.parse(new TextDecoder().decode(body)) as Readonly<Record<string, unknown>>;
  } catch {
    throw new EngineError(
      'invalid',
      `token server ${realm.host} of registry ${registry} did not answer with JSON`,
    );
  }
  const value = answer?.token || answer?.access_token;
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) {
    throw new EngineError(
      'invalid',
      `token server ${realm.host} of registry ${registry} answered without a token`,
    );
  }
  const { expires_in: given } = answer;
  const lifetime = typeof given === 'number' && given > 0 ? given : DEFAULT_LIFETIME;
  // A tenth early, so that a token does not run out on its way.
  return { value, expires: now + lifetime * 900 };
}

function refused(
  { registry, realm, credential }: TokenRequest,
  answer: { method: string; status: number },
): EngineError {
  const { status } = answer;
  const cause = new RegistryError({
    ...answer,
    url: realm,
    message: `token server answered status ${status}`,
  });
  if (status === 400 || status === 401 || status === 403) {
    const whose =
      credential === undefined
        ? 'gives no anonymous access'
        : `refused the credentials${'username' in credential ? ` of ${printable(credential.username)}` : ''}`;
    const way =
      credential === undefined ? HOW_TO_READ : { hint: 'check the name and password, and log in again' };
    return new EngineError('unauthorized', `registry ${registry} ${whose}`, {
      ...way,
      subject: registry,
      cause,
    });
  }
  const message = `token server ${realm.host} of registry ${registry} answered status ${status}`;
  return new EngineError('unavailable', message, { subject: registry, cause });
}
