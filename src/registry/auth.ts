import { EngineError } from '../errors.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { CredentialSource } from './credential.ts';
import { HOW_TO_READ, printable } from './errors.ts';
import { isLoopback } from './hosts.ts';
import { DEFAULT_RETRY, type RetryPolicy } from './retry.ts';
import { basicAuthorization, fetchToken, type Token } from './token.ts';
import type { Transport } from './transport.ts';

/**
 * The repository to which access is asked for: the registry's domain, the URL where it is reached, and the repository's
 * path.
 */
export interface Door {
  domain: string;
  base: URL;
  path: string;
  /** What is asked for; reading when absent. */
  rights?: Rights | undefined;
}

/** What a request has to be allowed. */
export interface Rights {
  /** Writing to the repository. */
  push?: boolean;
  /** Reading the list of all repositories, instead of one of them. */
  catalogue?: boolean;
  /** The path of another repository of the registry that is read. */
  from?: string;
}

/** A token that is there or on its way: everybody who needs it waits for the same request. */
interface CachedToken {
  promise: Promise<Token>;
  token?: Token;
}

/**
 * Answers the challenges of registries and remembers what they want, so that later requests bring it along. One
 * token serves one repository of one registry; it is renewed when it runs out or is refused.
 */
export class Authorizer {
  readonly #transport: Transport;
  readonly #credentials: CredentialSource | undefined;
  readonly #retry: RetryPolicy;
  readonly #now: () => number;
  readonly #challenges = new Map<string, Challenge>();
  readonly #tokens = new Map<string, CachedToken>();

  constructor(
    transport: Transport,
    options: { credentials?: CredentialSource | undefined; retry?: RetryPolicy; now?: () => number } = {},
  ) {
    this.#transport = transport;
    this.#credentials = options.credentials;
    this.#retry = options.retry ?? DEFAULT_RETRY;
    this.#now = options.now ?? Date.now;
  }

  /** Returns the value of `Authorization` to send; undefined as long as the registry has not asked for any. */
  async authorization(door: Door): Promise<string | undefined> {
    const challenge = this.#challenges.get(door.domain);
    if (challenge === undefined) return undefined;
    if (challenge.scheme === 'bearer') return `Bearer ${(await this.#token(door, challenge)).value}`;
    const credential = await this.#credentials?.find(door);
    return credential && 'username' in credential ? basicAuthorization(credential) : undefined;
  }

  /**
   * Returns the value of `Authorization` that answers the `WWW-Authenticate` of a 401; `sent` is the one that was sent
   * and refused. Throws `unauthorized` when there are no credentials or the same ones were refused already.
   */
  async answer(door: Door, header: string | undefined, sent: string | undefined): Promise<string> {
    const challenges = parseChallenges(header ?? '');
    const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.realm);
    const challenge = bearer ?? challenges.find(({ scheme }) => scheme === 'basic');
    if (challenge === undefined) throw unknownChallenge(door, challenges);
    this.#challenges.set(door.domain, challenge);
    if (bearer !== undefined) {
      const key = tokenKey(door);
      const known = this.#tokens.get(key)?.token;
      // Only the token that was refused is dropped: somebody else may have fetched a new one meanwhile.
      if (known !== undefined && sent === `Bearer ${known.value}`) this.#tokens.delete(key);
      return `Bearer ${(await this.#token(door, bearer)).value}`;
    }
    const credential = await this.#credentials?.find(door);
    if (credential === undefined || !('username' in credential)) throw noCredentials(door);
    const authorization = basicAuthorization(credential);
    if (authorization === sent) throw refusedCredentials(door.domain, credential.username);
    return authorization;
  }

  #token(door: Door, challenge: Challenge): Promise<Token> {
    const key = tokenKey(door);
    const known = this.#tokens.get(key);
    if (known !== undefined && (known.token === undefined || known.token.expires > this.#now()))
      return known.promise;
    const entry: CachedToken = { promise: this.#fetch(door, challenge) };
    this.#tokens.set(key, entry);
    entry.promise.then(
      (token) => {
        entry.token = token;
      },
      () => {
        if (this.#tokens.get(key) === entry) this.#tokens.delete(key);
      },
    );
    return entry.promise;
  }

  async #fetch(door: Door, { parameters }: Challenge): Promise<Token> {
    const { domain } = door;
    const realm = realmUrl(door, parameters.realm ?? '');
    const credential = await this.#credentials?.find(door);
    return await fetchToken(
      { registry: domain, realm, service: parameters.service, scopes: scopesOf(door), credential },
      { transport: this.#transport, retry: this.#retry, now: this.#now },
    );
  }
}

/** The rights that skiff asks for, whatever more the challenge offers (distribution, "Token Scope Documentation"). */
function scopesOf({ path, rights = {} }: Door): string[] {
  if (rights.catalogue === true) return ['registry:catalog:*'];
  // Whoever only logs in has no repository in mind.
  if (path === '') return [];
  const own = `repository:${path}:${rights.push === true ? 'pull,push' : 'pull'}`;
  return rights.from === undefined ? [own] : [own, `repository:${rights.from}:pull`];
}

function tokenKey(door: Door): string {
  return `${door.domain} ${scopesOf(door).join(' ')}`;
}

/** Credentials for a registry behind TLS never go to a token server without it. */
function realmUrl({ domain, base }: Door, realm: string): URL {
  const url = URL.canParse(realm, base.href) ? new URL(realm, base.href) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new EngineError('invalid', `registry ${domain} names no usable token server: ${printable(realm)}`);
  }
  if (url.protocol === 'http:' && base.protocol === 'https:' && !isLoopback(url)) {
    throw new EngineError(
      'invalid',
      `registry ${domain} wants credentials sent over plain HTTP to ${url.host}`,
    );
  }
  url.username = '';
  url.password = '';
  return url;
}

function noCredentials({ domain }: Door): EngineError {
  return new EngineError('unauthorized', `registry ${domain} wants a name and password`, {
    subject: domain,
    ...HOW_TO_READ,
  });
}

/** The error for credentials that a registry has refused; `username` says whose. */
export function refusedCredentials(domain: string, username: string): EngineError {
  return new EngineError(
    'unauthorized',
    `registry ${domain} refused the credentials of ${printable(username)}`,
    {
      subject: domain,
      hint: 'check the name and password, and log in again',
    },
  );
}

function unknownChallenge({ domain }: Door, challenges: readonly Challenge[]): EngineError {
  const wanted = challenges.map(({ scheme }) => printable(scheme)).join(', ') || 'nothing it names';
  return new EngineError('unauthorized', `registry ${domain} wants an unsupported login: ${wanted}`, {
    subject: domain,
  });
}
