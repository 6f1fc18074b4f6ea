import { EngineError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { asObject, type JsonObject, parseJson } from '../oci/json.ts';
import { bareMediaType, MANIFEST_LIMIT, MANIFEST_MEDIA_TYPES, manifestMediaType } from '../oci/manifest.ts';
import { readBlob } from './blob-stream.ts';
import { readDocument } from './content-encoding.ts';
import { explain, type RegistryRequests, type Repository } from './requests.ts';
import type { HttpResponse } from './transport.ts';

const READING = 'reading';

/** A manifest or an index as served, its digest verified. */
export interface FetchedManifest {
  bytes: Uint8Array;
  /** The manifest's type: one that `parseManifest` understands. */
  mediaType: string;
  digest: Digest;
}

/**
 * Reads images from registries (OCI distribution spec, "Pull"). One client serves any number of registries and
 * parallel requests; connections, tokens and what it learned about the registries are kept for its life.
 *
 * Every method throws EngineError: `unavailable`, `unauthorized`, `denied`, `notFound`, `invalid`, `cancelled`.
 */
export class RegistryClient {
  readonly #requests: RegistryRequests;

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
    const separator = tagOrDigest.includes(':') ? '@' : ':';
    const object = `image ${repository.domain}/${repository.path}${separator}${tagOrDigest}`;
    return await this.#requests.explaining(repository, { signal, doing: READING }, async () => {
      const headers = { accept: MANIFEST_MEDIA_TYPES.join(', ') };
      const response = await this.#requests.send(repository, {
        method: 'GET',
        resource: `manifests/${tagOrDigest}`,
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
      this.#requests.explaining(repository, { signal, doing: READING }, () =>
        this.#requests.send(repository, {
          method: 'GET',
          resource: `blobs/${descriptor.digest}`,
          signal,
          ...(offset > 0 && { headers: { range: `bytes=${offset}-` } }),
          accepts: offset > 0 ? [200, 206, 416] : [200],
          object: `blob ${descriptor.digest} of ${domain}/${path}`,
        }),
      );
    try {
      yield* readBlob(descriptor, { registry: domain, open, retry: this.#requests.retry, signal });
    } catch (error) {
      throw explain(error, repository, { signal, doing: READING });
    }
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
