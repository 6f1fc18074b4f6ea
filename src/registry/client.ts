import { EngineError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { asObject, type JsonObject, parseJson } from '../oci/json.ts';
import { bareMediaType, MANIFEST_LIMIT, MANIFEST_MEDIA_TYPES, manifestMediaType } from '../oci/manifest.ts';
import { Authorizer, type Door } from './auth.ts';
import { readBlob } from './blob-stream.ts';
import { CERTIFICATE_DIRECTORIES } from './certificates.ts';
import { readDocument } from './content-encoding.ts';
import type { CredentialSource } from './credential.ts';
import { Endpoints } from './endpoints.ts';
import { explainStatus, explainTransportFailure, TransportFailure } from './errors.ts';
import { HostPolicy } from './hosts.ts';
import { DEFAULT_RETRY, type RetryPolicy, retryAfter, sendWithRetries } from './retry.ts';
import { drain, type HttpResponse, type RequestInfo, Transport } from './transport.ts';

/** A repository: the registry's domain as users write it, and the path. Every image reference is one. */
export interface Repository {
  domain: string;
  path: string;
}

/** A manifest or an index as served, its digest verified. */
export interface FetchedManifest {
  bytes: Uint8Array;
  /** The manifest's type: one that `parseManifest` understands. */
  mediaType: string;
  digest: Digest;
}

export interface RegistryClientOptions {
  /** Registries that may speak plain HTTP or show untrusted certificates: `host`, `host:port`, `network/prefix`. */
  insecure: readonly string[];
  /** Asked for credentials when a registry wants to know who is there. Absent: anonymous. */
  credentials?: CredentialSource | undefined;
  userAgent: string;
  /** The variables that name proxies and authorities, see {@link TransportOptions}. Absent: no variables. */
  environment?: Readonly<NodeJS.ProcessEnv> | undefined;
  onRequest?: ((info: RequestInfo) => void) | undefined;
  /** The directories with certificates of single registries, instead of {@link CERTIFICATE_DIRECTORIES}. */
  certificateDirectories?: readonly string[];
  /** The timeouts in ms: until an answer begins (30 s), and between two pieces of a body (60 s). */
  timeouts?: { answer: number; idle: number };
  retry?: RetryPolicy;
}

interface Ask {
  signal: AbortSignal | undefined;
  headers?: Readonly<Record<string, string>>;
  accepts: readonly number[];
  /** The object that is asked for, in words for messages. */
  object: string;
}

const ERROR_BODY_LIMIT = 64 * 1024;

/**
 * Reads images from registries (OCI distribution spec, "Pull"). One client serves any number of registries and
 * parallel requests; connections, tokens and what it learned about the registries are kept for its life.
 *
 * Every method throws EngineError: `unavailable`, `unauthorized`, `denied`, `notFound`, `invalid`, `cancelled`.
 */
export class RegistryClient {
  readonly #transport: Transport;
  readonly #endpoints: Endpoints;
  readonly #authorizer: Authorizer;
  readonly #retry: RetryPolicy;

  constructor(options: RegistryClientOptions) {
    const hosts = new HostPolicy(options.insecure);
    this.#retry = options.retry ?? DEFAULT_RETRY;
    this.#transport = new Transport({
      hosts,
      userAgent: options.userAgent,
      certificateDirectories: options.certificateDirectories ?? CERTIFICATE_DIRECTORIES,
      environment: options.environment ?? {},
      answerTimeout: options.timeouts?.answer ?? 30_000,
      idleTimeout: options.timeouts?.idle ?? 60_000,
      onRequest: options.onRequest,
    });
    this.#endpoints = new Endpoints(this.#transport, hosts);
    this.#authorizer = new Authorizer(this.#transport, {
      credentials: options.credentials,
      retry: this.#retry,
    });
  }

  /**
   * Fetches the manifest or index that a tag or digest names. The digest is computed from the bytes and must be the
   * one that was asked for, and the one that the registry states.
   */
  async manifest(
    repository: Repository,
    tagOrDigest: string,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<FetchedManifest> {
    const separator = tagOrDigest.includes(':') ? '@' : ':';
    const object = `image ${repository.domain}/${repository.path}${separator}${tagOrDigest}`;
    return await this.#explaining(repository, signal, async () => {
      const headers = { accept: MANIFEST_MEDIA_TYPES.join(', ') };
      const response = await this.#get(repository, `manifests/${tagOrDigest}`, {
        signal,
        headers,
        object,
        accepts: [200],
      });
      const bytes = await readDocument(response, MANIFEST_LIMIT, `manifest of ${object}`);
      if (bytes === undefined) {
        throw new EngineError('invalid', `manifest of ${object} is larger than ${MANIFEST_LIMIT} bytes`);
      }
      const document = parseDocument(bytes, repository.domain, object);
      const stated = response.header('docker-content-digest');
      const digest = verifiedDigest(bytes, { object, tagOrDigest, stated });
      return { bytes, digest, mediaType: typeOf(document, response) };
    });
  }

  /**
   * The bytes of a blob, compressed as they are served, exactly `descriptor.size` of them. The caller verifies the
   * digest while reading. Broken connections are taken up again; leaving the loop early closes the connection.
   * Layers are always asked for in the registry itself: foreign `urls` of a descriptor are not followed.
   */
  async *blob(
    repository: Repository,
    descriptor: Descriptor,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<Uint8Array> {
    const { domain, path } = repository;
    const open = (offset: number): Promise<HttpResponse> =>
      this.#explaining(repository, signal, () =>
        this.#get(repository, `blobs/${descriptor.digest}`, {
          signal,
          ...(offset > 0 && { headers: { range: `bytes=${offset}-` } }),
          accepts: offset > 0 ? [200, 206, 416] : [200],
          object: `blob ${descriptor.digest} of ${domain}/${path}`,
        }),
      );
    try {
      yield* readBlob(descriptor, { registry: domain, open, retry: this.#retry, signal });
    } catch (error) {
      throw explain(error, repository, signal);
    }
  }

  /** GET below a repository, with the authorization that the registry wants; other statuses than expected throw. */
  async #get(repository: Repository, resource: string, ask: Ask): Promise<HttpResponse> {
    const { domain, path } = repository;
    const { signal } = ask;
    const base = await abortable(this.#endpoints.base(domain), signal);
    const url = new URL(`/v2/${path}/${resource}`, base);
    const door: Door = { domain, base, path };
    const send = (authorization: string | undefined): Promise<HttpResponse> => {
      const headers = { ...ask.headers, ...(authorization && { authorization }) };
      return sendWithRetries(this.#transport, { method: 'GET', url, headers, signal }, this.#retry);
    };
    const authorization = await abortable(this.#authorizer.authorization(door), signal);
    let response = await send(authorization);
    // A 401 of another origin, where a redirect led, is no question to our credentials.
    if (response.status === 401 && response.url.origin === base.origin) {
      const challenge = response.header('www-authenticate');
      if (challenge !== undefined) {
        await drain(response);
        response = await send(
          await abortable(this.#authorizer.answer(door, challenge, authorization), signal),
        );
      }
    }
    if (ask.accepts.includes(response.status)) return response;
    const body = (await readErrorBody(response, ask.object)) ?? new Uint8Array();
    throw explainStatus(
      { registry: domain, object: ask.object, method: 'GET', url: response.url },
      { status: response.status, body, retryAfter: retryAfter(response) },
    );
  }

  async #explaining<T>(
    repository: Repository,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw explain(error, repository, signal);
    }
  }
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

function explain(error: unknown, { domain, path }: Repository, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) {
    return new EngineError('cancelled', `reading ${domain}/${path} was cancelled`, { cause: signal.reason });
  }
  return error instanceof TransportFailure ? explainTransportFailure(error, domain) : error;
}

/** Waits for work that is shared with others: an abort ends the waiting, not the work. */
async function abortable<T>(shared: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await shared;
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

function parseDocument(bytes: Uint8Array, registry: string, object: string): JsonObject {
  try {
    return asObject(parseJson(bytes, 'manifest'), 'manifest');
  } catch (cause) {
    throw new EngineError('invalid', `registry ${registry} sent something that is not JSON for ${object}`, {
      hint: `check that ${registry} is a container registry`,
      subject: object,
      cause,
    });
  }
}

function verifiedDigest(
  bytes: Uint8Array,
  { object, tagOrDigest, stated }: { object: string; tagOrDigest: string; stated: string | undefined },
): Digest {
  const digest = digestOf(bytes);
  for (const expected of [tagOrDigest, stated]) {
    if (expected?.startsWith('sha256:') && expected !== digest) {
      const message = `manifest of ${object} has digest ${digest} instead of ${expected}`;
      throw new EngineError('invalid', message, { subject: object });
    }
  }
  return digest;
}

function typeOf(document: JsonObject, response: HttpResponse): string {
  return manifestMediaType(document, bareMediaType(response.header('content-type') ?? ''));
}
