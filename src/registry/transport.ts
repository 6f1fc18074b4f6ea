import type { RequestInit, Response } from 'node-fetch';
import { type TlsOptions, tlsOptionsFor } from './certificates.ts';
import { type FailureReason, redactUrl, TransportFailure } from './errors.ts';
import type { HostPolicy } from './hosts.ts';
import { proxyFor } from './proxy.ts';
import { certificateFailure, diagnoseHandshake, isHandshakeFailure } from './tls-failures.ts';

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Bytes to be sent; a request may be sent several times. */
export type RequestBody = Buffer;

export interface HttpRequest {
  method: HttpMethod;
  url: URL;
  headers?: Readonly<Record<string, string>>;
  /** A form, sent as `application/x-www-form-urlencoded`. */
  form?: URLSearchParams;
  body?: RequestBody | undefined;
  /** Waits this long for the head of the answer instead of {@link TransportOptions.answerTimeout}, in ms. */
  answerTimeout?: number;
  signal?: AbortSignal | undefined;
}

export interface HttpResponse {
  status: number;
  /** The URL that the response came from, after redirects. */
  url: URL;
  header(name: string): string | undefined;
  /** The bytes as they came, to be iterated once. Leaving the loop early closes the connection. */
  body: AsyncIterable<Uint8Array>;
}

/** A request as it went over the wire, for `--debug`: the URL is without query and credentials. */
export interface RequestInfo {
  method: string;
  url: string;
  status?: number | undefined;
  failure?: FailureReason | undefined;
  /** The time until the head of the answer was there. */
  milliseconds: number;
}

export interface TransportOptions {
  hosts: HostPolicy;
  userAgent: string;
  certificateDirectories: readonly string[];
  /** The variables that name proxies (HTTPS_PROXY and the like) and authorities (SSL_CERT_FILE, SSL_CERT_DIR). */
  environment: Readonly<NodeJS.ProcessEnv>;
  /** How long connecting and waiting for the head of an answer may take, in ms. */
  answerTimeout: number;
  /** How long a body may pause, in ms; the time that the reader takes does not count. */
  idleTimeout: number;
  onRequest?: ((info: RequestInfo) => void) | undefined;
}

/** The settings that belong to the connection rather than to the request. */
interface Connection {
  tls: TlsOptions;
  proxy: URL | undefined;
  init: RequestInit;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTS = 10;
const ON_BUN = process.versions.bun !== undefined;

/**
 * HTTP for registries: bytes as they are served, redirects that keep secrets, failures in one vocabulary. The only
 * file that knows how node-fetch on Node differs from what Bun brings.
 */
export class Transport {
  readonly #options: TransportOptions;
  readonly #connections = new Map<string, Promise<Connection>>();

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /**
   * Sends a request and follows redirects. Any status is an answer; no answer is a {@link TransportFailure}. When
   * the signal aborts, its reason is thrown. `Authorization` never travels to another origin.
   */
  async send(request: HttpRequest): Promise<HttpResponse> {
    let { url } = request;
    let headers = { ...request.headers };
    for (let redirects = 0; ; redirects++) {
      const response = await this.#exchange({ ...request, url, headers });
      const location = response.header('location');
      if (!REDIRECTS.has(response.status) || location === undefined || !canFollow(request.method))
        return response;
      await drain(response);
      if (redirects === MOST_REDIRECTS) throw badRedirect(url, `more than ${MOST_REDIRECTS} in a row`);
      const target = redirectTarget(url, location, this.#options.hosts);
      if (target.origin !== url.origin) headers = withoutAuthorization(headers);
      url = target;
    }
  }

  /** Returns the proxy through which a URL is reached, if any. */
  proxyOf(url: URL): string | undefined {
    return proxyFor(url, this.#options.environment)?.href;
  }

  async #exchange(request: HttpRequest): Promise<HttpResponse> {
    const { url, signal, method } = request;
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), request.answerTimeout ?? this.#options.answerTimeout);
    const started = performance.now();
    const report = (outcome: { status?: number; failure?: FailureReason }): void =>
      this.#options.onRequest?.({
        method,
        url: redactUrl(url),
        ...outcome,
        milliseconds: performance.now() - started,
      });
    let connection: Connection | undefined;
    try {
      signal?.throwIfAborted();
      connection = await this.#connectionTo(url);
      const response = await send(url, connection, {
        method,
        headers: this.#headers(request),
        ...bodyOf(request),
        redirect: 'manual',
        signal: signal ? AbortSignal.any([signal, controller.signal]) : controller.signal,
      });
      report({ status: response.status });
      const idleTimeout = this.#options.idleTimeout;
      return {
        status: response.status,
        url,
        header: (name) => response.headers.get(name) ?? undefined,
        body: watched(response, { url, controller, signal, idleTimeout }),
      };
    } catch (error) {
      const timedOut = controller.signal.aborted;
      const failure = await explain(error, { url, signal, timedOut, connection });
      if (failure instanceof TransportFailure) report({ failure: failure.reason });
      throw failure;
    } finally {
      clearTimeout(timer);
    }
  }

  #headers(request: HttpRequest): Record<string, string> {
    return {
      'user-agent': this.#options.userAgent,
      // A blob is verified as it was pushed; a proxy that compresses on the way would only cost time.
      'accept-encoding': 'identity',
      ...(request.form && { 'content-type': 'application/x-www-form-urlencoded' }),
      ...request.headers,
    };
  }

  /** Returns the connection's settings, made once for each origin. */
  #connectionTo(url: URL): Promise<Connection> {
    let connection = this.#connections.get(url.origin);
    if (connection === undefined) {
      connection = this.#prepare(url);
      this.#connections.set(url.origin, connection);
      connection.catch(() => this.#connections.delete(url.origin));
    }
    return connection;
  }

  async #prepare(url: URL): Promise<Connection> {
    const { hosts, certificateDirectories: directories, environment } = this.#options;
    const tls: TlsOptions =
      url.protocol === 'https:' ? await tlsOptionsFor(url.host, { directories, environment }) : {};
    // Said in any case: else a variable (NODE_TLS_REJECT_UNAUTHORIZED) decides.
    tls.rejectUnauthorized = !hosts.isInsecure(url);
    const proxy = proxyFor(url, environment);
    return { tls, proxy, init: ON_BUN ? bunOptions(tls, proxy) : await nodeOptions(url, tls, proxy) };
  }
}

/** What changes something is sent where it was meant to go, and nowhere else. */
function canFollow(method: HttpMethod): boolean {
  return method === 'GET' || method === 'HEAD';
}

function bodyOf({ form, body }: HttpRequest): Pick<RequestInit, 'body'> {
  if (form !== undefined) return { body: form.toString() };
  return body === undefined ? {} : { body };
}

/** Node: an agent keeps connections, the authorities and the proxy. */
async function nodeOptions(url: URL, tls: TlsOptions, proxy: URL | undefined): Promise<RequestInit> {
  const { Agent } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const proxyEnv = proxy && { HTTP_PROXY: proxy.href, HTTPS_PROXY: proxy.href };
  return { compress: false, agent: new Agent({ keepAlive: true, ...tls, ...(proxyEnv && { proxyEnv }) }) };
}

/** Returns the options of a request by which Bun takes TLS and a proxy; it keeps the connections by itself. */
function bunOptions(tls: TlsOptions, proxy: URL | undefined): RequestInit {
  return { decompress: false, timeout: false, tls, proxy: proxy?.href ?? false } as RequestInit;
}

async function send(url: URL, { init, proxy }: Connection, request: RequestInit): Promise<Response> {
  const fetch = await fetcher();
  if (!ON_BUN || proxy === undefined) return fetch(url.href, { ...init, ...request });
  // Bun reads NO_PROXY, by rules of its own, at the call and even when it is told which proxy to take.
  const { NO_PROXY, no_proxy } = process.env;
  delete process.env.NO_PROXY;
  delete process.env.no_proxy;
  try {
    // Not awaited here: by then the variables are back.
    return fetch(url.href, { ...init, ...request });
  } finally {
    if (NO_PROXY !== undefined) process.env.NO_PROXY = NO_PROXY;
    if (no_proxy !== undefined) process.env.no_proxy = no_proxy;
  }
}

/**
 * On Bun its own: the node-fetch that it has, too, makes streams of Node's of the bodies, which takes 10 ms to load, and each
 * chunk longer.
 */
async function fetcher(): Promise<(url: string, init: RequestInit) => Promise<Response>> {
  if (!ON_BUN) return (await import('node-fetch')).default;
  return globalThis.fetch as unknown as (url: string, init: RequestInit) => Promise<Response>;
}

interface Watch {
  url: URL;
  controller: AbortController;
  signal: AbortSignal | undefined;
  idleTimeout: number;
}

/** The body with its time limit: only time spent waiting for the network counts, not the reader's. */
async function* watched(response: Response, watch: Watch): AsyncGenerator<Uint8Array> {
  const { url, controller, signal, idleTimeout } = watch;
  if (response.body === null) return;
  let waitingSince = performance.now();
  const timer = setInterval(() => {
    if (performance.now() - waitingSince > idleTimeout) controller.abort();
  }, idleTimeout / 4);
  timer.unref();
  let complete = false;
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      waitingSince = Number.POSITIVE_INFINITY;
      yield chunk;
      waitingSince = performance.now();
    }
    complete = true;
  } catch (error) {
    throw translate(error, { url, signal, timedOut: controller.signal.aborted });
  } finally {
    clearInterval(timer);
    if (!complete) controller.abort();
  }
}

/** Reads a body of at most `limit` bytes; a longer one is cut off and given as undefined. */
export async function readBody(response: HttpResponse, limit: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.length;
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/** Reads what little is left of an answer that is of no interest, so that its connection can be used again. */
export async function drain(response: HttpResponse): Promise<void> {
  await readBody(response, 64 * 1024).catch(() => undefined);
}

function withoutAuthorization(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'),
  );
}

/**
 * Returns the URL that a server leads to, without user information. Throws TransportFailure when it is none of HTTP, or leads from
 * HTTPS to plain HTTP at hosts that are not insecure.
 */
export function redirectTarget(from: URL, location: string, hosts: HostPolicy): URL {
  if (!URL.canParse(location, from.href)) throw badRedirect(from, 'its target is not a URL');
  const target = new URL(location, from.href);
  target.username = '';
  target.password = '';
  if (target.protocol !== 'https:' && target.protocol !== 'http:') {
    throw badRedirect(from, `it leads to ${target.protocol}`);
  }
  if (from.protocol === 'https:' && target.protocol === 'http:') {
    const secure = [from, target].filter((url) => !hosts.isInsecure(url)).map(({ host }) => host);
    const optionsHint = [...new Set(secure)].map((host) => `--insecure-registry ${host}`).join(' ');
    if (secure.length > 0) {
      const hint = `if plain HTTP is acceptable there, add ${optionsHint}`;
      throw badRedirect(from, `it leads from HTTPS to plain HTTP at ${target.host}`, hint);
    }
  }
  return target;
}

function badRedirect(url: URL, message: string, hint?: string): TransportFailure {
  return new TransportFailure('redirect', url, { message, hint });
}

/** Error codes of both runtimes (Bun adopted Node's for most) → the one vocabulary. */
const REASONS: Readonly<Record<string, FailureReason>> = {
  ENOTFOUND: 'unknownHost',
  EAI_AGAIN: 'unknownHost',
  EAI_FAIL: 'unknownHost',
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ECONNRESET: 'broken',
  EPIPE: 'broken',
  ECONNABORTED: 'broken',
  ERR_STREAM_PREMATURE_CLOSE: 'broken',
  ETIMEDOUT: 'timeout',
};

interface Circumstances {
  url: URL;
  signal: AbortSignal | undefined;
  timedOut: boolean;
  /** The connection; undefined when even this could not be prepared. */
  connection?: Connection | undefined;
}

/** Why there was no answer: {@link translate}, and what can be found out about a handshake that failed. */
async function explain(error: unknown, circumstances: Circumstances): Promise<unknown> {
  const failure = translate(error, circumstances);
  const { url, connection, signal } = circumstances;
  if (!(failure instanceof TransportFailure) || failure.reason !== 'notTls' || connection === undefined)
    return failure;
  // Through a proxy there is nothing to try once more: who speaks to us is not known.
  if (connection.proxy !== undefined) return failure;
  const found = await diagnoseHandshake(url, connection.tls, signal);
  if (signal?.aborted) return signal.reason;
  const { reason, words } = found ?? { reason: 'broken', words: failure.message };
  return new TransportFailure(reason, url, { message: words, cause: error });
}

function translate(error: unknown, context: Circumstances): unknown {
  if (context.signal?.aborted) return context.signal.reason;
  if (!(error instanceof Error) || error instanceof TransportFailure) return error;
  if (context.timedOut)
    return new TransportFailure('timeout', context.url, { message: 'no answer', cause: error });
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string') return error;
  const handshake = isHandshakeFailure(code) ? 'notTls' : undefined;
  const reason = REASONS[code] ?? certificateFailure(code) ?? handshake ?? 'other';
  const proxy = context.connection?.proxy?.host;
  return new TransportFailure(reason, context.url, { message: describe(error, code), proxy, cause: error });
}

function describe(error: Error, code: string): string {
  // Only the first clause: the rest is advice about the JavaScript runtime's options.
  const text = error.message.replace(/^request to .* failed, reason: /, '').split(/[;\n]/, 1)[0] ?? '';
  return text.trim() || code;
}
