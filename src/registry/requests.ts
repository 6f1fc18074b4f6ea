import { EngineError } from '../errors.ts';
import type { Rights } from './auth.ts';
import { Authorizer, type Door, refusedCredentials } from './auth.ts';
import { CERTIFICATE_DIRECTORIES } from './certificates.ts';
import { readDocument } from './content-encoding.ts';
import type { CredentialSource } from './credential.ts';
import { Endpoints, hostOf } from './endpoints.ts';
import { explainStatus, explainTransportFailure, TransportFailure } from './errors.ts';
import { HostPolicy } from './hosts.ts';
import type { Repository } from './repository.ts';
import { DEFAULT_RETRY, type RetryPolicy, retryAfter, sendWithRetries } from './retry.ts';
import { Routes } from './routes.ts';
import {
  drain,
  type HttpMethod,
  type HttpResponse,
  type RequestBody,
  type RequestInfo,
  redirectTarget,
  Transport,
} from './transport.ts';

export interface RegistryOptions {
  /** Registries that may speak plain HTTP or show untrusted certificates: `host`, `host:port`, `network/prefix`. */
  insecure: readonly string[];
  /** Asked for credentials when a registry wants to know who is there. Absent: anonymous. */
  credentials?: CredentialSource | undefined;
  /** Where repositories are read from. Absent: from the registries that their names say. */
  routes?: Routes | undefined;
  /** Told of mirrors that could not be used; the next place is asked. */
  warn?: ((problem: EngineError) => void) | undefined;
  userAgent: string;
  /** The variables that name proxies and authorities, see {@link TransportOptions}. Absent: no variables. */
  environment?: Readonly<NodeJS.ProcessEnv> | undefined;
  onRequest?: ((info: RequestInfo) => void) | undefined;
  /** The directories with certificates of single registries, instead of {@link CERTIFICATE_DIRECTORIES}. */
  certificateDirectories?: readonly string[];
  /** The timeouts in ms: until an answer begins (30 s), and between two pieces of a body (60 s). */
  timeouts?: { answer: number; idle: number };
  retry?: RetryPolicy;
  /** The bytes of a chunk of an upload, 8 MiB when absent: held in memory twice. Some registries want 5 MiB at least. */
  chunk?: number;
}

/** A request below a repository. */
export interface Ask {
  method: HttpMethod;
  /**
   * What follows the repository's path, such as `blobs/sha256:…`; with a slash in front what follows the registry's address;
   * or where the registry told to go on.
   */
  resource: string | URL;
  headers?: Readonly<Record<string, string>>;
  body?: RequestBody | undefined;
  /** The statuses that are an answer; any other is thrown as an error. */
  accepts: readonly number[];
  /** The object that is asked for, in words for messages. */
  object: string;
  /** What has to be allowed; reading when absent. */
  rights?: Rights | undefined;
  /** How often it is sent at most, if it is not to be as often as usual. */
  attempts?: number;
  /** How much longer than usual the answer may take, in ms. */
  patience?: number;
  signal: AbortSignal | undefined;
}

/** How some registries are reached: all that depends on what may be insecure, and what is learned on the way. */
interface Reach {
  hosts: HostPolicy;
  transport: Transport;
  endpoints: Endpoints;
  authorizer: Authorizer;
}

const DEFAULT_CHUNK = 8 * 1024 * 1024;
/** The key of what is reached as its name and the options say. */
const USUAL = '';
const ERROR_BODY_LIMIT = 64 * 1024;

/**
 * Sends requests to registries, with the authorization that they want. One serves any number of registries and parallel
 * requests; connections, tokens and what it learned about the registries are kept for its life.
 */
export class RegistryRequests {
  readonly #options: RegistryOptions;
  readonly #reaches = new Map<string, Reach>();
  readonly routes: Routes;
  readonly warn: (problem: EngineError) => void;
  readonly retry: RetryPolicy;
  readonly chunk: number;
  readonly #answerTimeout: number;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.routes = options.routes ?? new Routes();
    this.warn = options.warn ?? (() => {});
    this.retry = options.retry ?? DEFAULT_RETRY;
    this.chunk = options.chunk ?? DEFAULT_CHUNK;
    this.#answerTimeout = options.timeouts?.answer ?? 30_000;
    this.#reaches.set(USUAL, this.#makeReach([]));
  }

  /** What is insecure or written down for one repository holds for no other: nothing is shared with these. */
  #reach({ domain, base, insecure }: Repository): Reach {
    const host = base?.host ?? hostOf(domain);
    const key = base === undefined && insecure !== true ? USUAL : `${insecure === true} ${base ?? host}`;
    let reach = this.#reaches.get(key);
    if (reach === undefined) {
      reach = this.#makeReach(insecure === true ? [host] : []);
      this.#reaches.set(key, reach);
    }
    return reach;
  }

  #makeReach(insecure: readonly string[]): Reach {
    const { timeouts, credentials, ...options } = this.#options;
    const hosts = new HostPolicy([...options.insecure, ...insecure]);
    const transport = new Transport({
      hosts,
      userAgent: options.userAgent,
      certificateDirectories: options.certificateDirectories ?? CERTIFICATE_DIRECTORIES,
      environment: options.environment ?? {},
      answerTimeout: this.#answerTimeout,
      idleTimeout: timeouts?.idle ?? 60_000,
      onRequest: options.onRequest,
    });
    const authorizer = new Authorizer(transport, { credentials, retry: this.retry });
    return { hosts, transport, endpoints: new Endpoints(transport, hosts), authorizer };
  }

  /**
   * Returns where an answer of a repository from `from` leads. Throws TransportFailure for what is no address of a registry, and for plain
   * HTTP where nobody allowed that.
   */
  target(repository: Repository, from: URL, location: string): URL {
    return redirectTarget(from, location, this.#reach(repository).hosts);
  }

  /** Asks a registry whether it lets us in at all. Throws `unauthorized` when it does not; `who` is named then. */
  async login(domain: string, who: string, signal?: AbortSignal): Promise<void> {
    const repository = this.routes.writing({ domain, path: '' });
    await this.explaining(repository, { signal, doing: 'logging in to' }, async () => {
      const object = `registry ${domain}`;
      const ask = { method: 'GET', resource: '', accepts: [200, 401], object, signal } as const;
      const response = await this.send(repository, ask);
      await drain(response);
      if (response.status === 401) throw refusedCredentials(domain, who);
    });
  }

  /** Sends a request until it is answered; statuses other than expected are thrown. */
  async send(repository: Repository, ask: Ask): Promise<HttpResponse> {
    const { domain, path } = repository;
    const { transport, endpoints, authorizer } = this.#reach(repository);
    const { method, signal, resource, body, rights } = ask;
    const base = repository.base ?? (await abortable(endpoints.base(domain), signal));
    const url = typeof resource === 'string' ? new URL(pathOf(path, resource), base) : resource;
    const door: Door = { domain, base, path, rights };
    // What the registry leads to elsewhere has an authorization of its own in its address.
    const own = url.origin === base.origin;
    const policy = { ...this.retry, attempts: ask.attempts ?? this.retry.attempts };
    const send = (authorization: string | undefined): Promise<HttpResponse> => {
      const headers = { ...ask.headers, ...(authorization && { authorization }) };
      const answerTimeout = this.#answerTimeout + (ask.patience ?? 0);
      return sendWithRetries(transport, { method, url, headers, body, answerTimeout, signal }, policy);
    };
    const authorization = own ? await abortable(authorizer.authorization(door), signal) : undefined;
    let response = await send(authorization);
    // A 401 of another origin, where a redirect led, is no question to our credentials.
    if (response.status === 401 && response.url.origin === base.origin) {
      const challenge = response.header('www-authenticate');
      if (challenge !== undefined) {
        await drain(response);
        response = await send(await abortable(authorizer.answer(door, challenge, authorization), signal));
      }
    }
    if (ask.accepts.includes(response.status)) return response;
    throw await this.#refusal(domain, ask, response);
  }

  async #refusal(
    registry: string,
    { object, method, rights }: Ask,
    response: HttpResponse,
  ): Promise<EngineError> {
    const body = (await readErrorBody(response, object)) ?? new Uint8Array();
    return explainStatus(
      { registry, object, method, url: response.url, writing: rights?.push === true },
      { status: response.status, body, retryAfter: retryAfter(response) },
    );
  }

  /** Does work of requests; what is thrown becomes the error for the user. `doing`: `reading`, for messages. */
  async explaining<T>(
    repository: Repository,
    { signal, doing }: { signal: AbortSignal | undefined; doing: string },
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw explain(error, repository, { signal, doing });
    }
  }
}

function pathOf(path: string, resource: string): string {
  if (resource.startsWith('/')) return resource.slice(1);
  return path === '' ? 'v2/' : `v2/${path}/${resource}`;
}

/** Returns the body of an error response; undefined when it is too long, or unreadable. */
async function readErrorBody(response: HttpResponse, object: string): Promise<Uint8Array | undefined> {
  try {
    return await readDocument(response, ERROR_BODY_LIMIT, object);
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

/** The error for the user, whatever was thrown on the way. */
export function explain(
  error: unknown,
  { domain, path }: Repository,
  { signal, doing }: { signal: AbortSignal | undefined; doing: string },
): unknown {
  if (signal?.aborted) {
    const object = path === '' ? domain : `${domain}/${path}`;
    return new EngineError('cancelled', `${doing} ${object} was cancelled`, { cause: signal.reason });
  }
  return error instanceof TransportFailure ? explainTransportFailure(error, domain) : error;
}

/** Waits for work that is shared with others: an abort ends the waiting, not the work. */
async function abortable<T>(shared: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await shared;
  // Nobody may be left to hear how it ended.
  shared.catch(() => undefined);
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([shared, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
