import { EngineError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { asObject, type JsonObject, parseJson } from '../oci/json.ts';
import { bareMediaType, MANIFEST_LIMIT, MANIFEST_MEDIA_TYPES, manifestMediaType } from '../oci/manifest.ts';
import { readBlob } from './blob-stream.ts';
import { readDocument } from './content-encoding.ts';
import { type Repository, repositoryName } from './repository.ts';
import { explain, type RegistryRequests } from './requests.ts';
import type { Source } from './routes.ts';
import type { HttpResponse } from './transport.ts';

const READING = 'reading';

/** A manifest or an index as served, its digest verified. */
export interface FetchedManifest {
  bytes: Uint8Array;
  /** The manifest's type: one that `parseManifest` understands. */
  mediaType: string;
  digest: Digest;
}

/** Whoever has another place to ask is not as patient. */
const MIRROR_ATTEMPTS = 2;

/**
 * Reads images from registries and their mirrors (OCI distribution spec, "Pull"). One client serves any number of
 * registries and parallel requests; connections, tokens and what it learned about the registries are kept for its life.
 *
 * Each thing is asked for in one place after the other, as the requests' routes say; what has come from a repository's
 * place once is looked for there first. A mirror that fails, in whatever way, leads to the next place, and is told to
 * the requests' `warn` unless it merely lacks the thing; when all fail, all mirrors are told, and the error is that of the
 * registry itself.
 *
 * Every method throws EngineError: `unavailable`, `unauthorized`, `denied`, `notFound`, `invalid`, `cancelled`.
 */
export class RegistryClient {
  readonly #requests: RegistryRequests;
  /** The place that served the manifests of a repository. */
  readonly #served = new Map<string, Source>();
  /** The last reading of each blob. */
  readonly #readings = new Map<string, Reading>();
  /** The places that a blob is not read from again, by its key. */
  readonly #refused = new Map<string, Failure[]>();
  readonly #told = new Set<string>();

  constructor(requests: RegistryRequests) {
    this.#requests = requests;
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
    const failures: Failure[] = [];
    for (const source of this.#sources(repository, tagOrDigest)) {
      try {
        const manifest = await this.#manifestAt(source, source.tagOrDigest ?? tagOrDigest, signal);
        this.#served.set(repositoryName(repository), source);
        this.#tell(repository, failures.filter(isFault));
        return manifest;
      } catch (error) {
        failures.push({ source, error: passedOver(error) });
      }
    }
    throw this.#worst(repository, failures);
  }

  async #manifestAt(
    { repository, isMirror }: Source,
    tagOrDigest: string,
    signal: AbortSignal | undefined,
  ): Promise<FetchedManifest> {
    const separator = tagOrDigest.includes(':') ? '@' : ':';
    const object = `image ${repositoryName(repository)}${separator}${tagOrDigest}`;
    return await this.#requests.explaining(repository, { signal, doing: READING }, async () => {
      const headers = { accept: MANIFEST_MEDIA_TYPES.join(', ') };
      const response = await this.#requests.send(repository, {
        method: 'GET',
        resource: `manifests/${tagOrDigest}`,
        signal,
        headers,
        object,
        accepts: [200],
        ...(isMirror && { attempts: MIRROR_ATTEMPTS }),
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
   * digest while reading. Broken connections are taken up again, also in the next place; leaving the loop early closes
   * the connection. Layers are always asked for in the registry itself and its mirrors: foreign `urls` of a descriptor
   * are not followed.
   */
  async *blob(
    repository: Repository,
    descriptor: Descriptor,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<Uint8Array> {
    const key = blobKey(repository, descriptor);
    const reading: Reading = { failures: [...(this.#refused.get(key) ?? [])], senders: new Set() };
    const { failures, senders } = reading;
    this.#readings.set(key, reading);
    const progress = { received: 0 };
    for (const source of this.#sources(repository)) {
      if (isAmong(failures, source)) continue;
      try {
        for await (const piece of this.#blobAt(source, descriptor, { progress, signal })) {
          senders.add(source);
          yield piece;
        }
        this.#tell(repository, failures.filter(isFault));
        return;
      } catch (error) {
        failures.push({ source, error: passedOver(error) });
      }
    }
    throw this.#worst(repository, failures);
  }

  /**
   * Says that what the last reading of a blob brought is not what its digest says, and what is wrong with it. Returns whether
   * another reading makes sense: it starts anew, and asks those places only that have not failed yet.
   */
  refuse(repository: Repository, descriptor: Descriptor, error: EngineError): boolean {
    const key = blobKey(repository, descriptor);
    const { failures, senders } = this.#readings.get(key) ?? { failures: [], senders: new Set() };
    const [sender, ...others] = senders;
    // Of several that sent a part all but the last have failed, and that one may be right.
    if (sender !== undefined && others.length === 0 && !isAmong(failures, sender))
      failures.push({ source: sender, error });
    const isLeft = this.#sources(repository).some((source) => !isAmong(failures, source));
    if (isLeft) this.#refused.set(key, failures);
    else {
      this.#refused.delete(key);
      this.#tell(repository, failures.filter(isFault));
    }
    return isLeft;
  }

  async *#blobAt(
    { repository, isMirror }: Source,
    descriptor: Descriptor,
    { progress, signal }: { progress: { received: number }; signal: AbortSignal | undefined },
  ): AsyncGenerator<Uint8Array> {
    const { retry } = this.#requests;
    const attempts = isMirror ? MIRROR_ATTEMPTS : retry.attempts;
    const open = (offset: number): Promise<HttpResponse> =>
      this.#requests.explaining(repository, { signal, doing: READING }, () =>
        this.#requests.send(repository, {
          method: 'GET',
          resource: `blobs/${descriptor.digest}`,
          signal,
          ...(offset > 0 && { headers: { range: `bytes=${offset}-` } }),
          accepts: offset > 0 ? [200, 206, 416] : [200],
          object: `blob ${descriptor.digest} of ${repositoryName(repository)}`,
          attempts,
        }),
      );
    try {
      const registry = repository.domain;
      yield* readBlob(descriptor, { registry, open, retry: { ...retry, attempts }, signal, progress });
    } catch (error) {
      throw explain(error, repository, { signal, doing: READING });
    }
  }

  /** The places to ask, in order. What a digest names is looked for first where the manifests came from. */
  #sources(repository: Repository, tagOrDigest?: string): Source[] {
    const sources = this.#requests.routes.reading(repository, tagOrDigest);
    const served = this.#served.get(repositoryName(repository));
    if (served === undefined || tagOrDigest?.includes(':') === false) return sources;
    return [{ ...served, tagOrDigest }, ...sources.filter((source) => !isSame(source, served))];
  }

  /** The error for the user when every place has failed. */
  #worst(repository: Repository, failures: readonly Failure[]): EngineError {
    this.#tell(
      repository,
      failures.filter(({ source }) => source.isMirror),
    );
    const own = failures.find(({ source }) => !source.isMirror) ?? failures.at(-1);
    return (
      own?.error ?? new EngineError('internal', `${repositoryName(repository)} has no place to be read from`)
    );
  }

  /** Tells what is wrong with mirrors, once of each. */
  #tell({ domain }: Repository, failures: readonly Failure[]): void {
    for (const { source, error } of failures) {
      const mirror = `${source.repository.base ?? source.repository.domain}`;
      if (this.#told.has(mirror)) continue;
      this.#told.add(mirror);
      const { kind, hint, subject } = error;
      const message = `mirror ${mirror} of ${domain} was passed over: ${error.message}`;
      this.#requests.warn(new EngineError(kind, message, { hint, subject, cause: error.cause }));
    }
  }
}

/** How the reading of a blob went: the places that were of no use, and those that have sent something of it. */
interface Reading {
  failures: Failure[];
  senders: Set<Source>;
}

/** Why a place was of no use. */
interface Failure {
  source: Source;
  error: EngineError;
}

/** Mirrors need not have everything. */
function isFault({ source, error }: Failure): boolean {
  return source.isMirror && error.kind !== 'notFound';
}

/** Returns an error that another place may make good; throws any other. */
function passedOver(error: unknown): EngineError {
  if (error instanceof EngineError && error.kind !== 'cancelled') return error;
  throw error;
}

function blobKey(repository: Repository, { digest }: Descriptor): string {
  return `${repositoryName(repository)}@${digest}`;
}

function isAmong(failures: readonly Failure[], source: Source): boolean {
  return failures.some((failure) => isSame(failure.source, source));
}

function isSame({ repository: one }: Source, { repository: other }: Source): boolean {
  return repositoryName(one) === repositoryName(other) && one.base?.href === other.base?.href;
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
