import { EngineError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { sendBlob, type Upload, UploadLost } from './blob-upload.ts';
import type { Repository } from './repository.ts';
import type { Ask, RegistryRequests } from './requests.ts';
import { pause } from './retry.ts';
import { checkStatedDigest } from './stated-digest.ts';
import { drain, type HttpResponse } from './transport.ts';

/** What became of an upload: the registry had it, took it over from another repository, or it was sent. */
export type Uploaded = 'exists' | 'mounted' | 'sent';

/** A manifest or an index, as it was read or made. */
export interface Document {
  bytes: Uint8Array;
  mediaType: string;
  digest: Digest;
}

/**
 * Writes images to registries (OCI distribution spec, "Push"), never to mirrors. Every method throws EngineError, as the client that reads
 * does.
 */
export class RegistryUploads {
  readonly #requests: RegistryRequests;

  constructor(requests: RegistryRequests) {
    this.#requests = requests;
  }

  /**
   * Brings a blob into a repository, unless it is there: taken over from another repository where the registry can, else
   * sent; from its beginning again where the registry has lost an upload.
   */
  async blob(named: Repository, upload: Upload): Promise<Uploaded> {
    const { descriptor, signal } = upload;
    const repository = this.#requests.routes.writing(named);
    return await this.#explaining(repository, signal, async () => {
      for (let attempt = 1; ; attempt++) {
        if (await this.#has(repository, descriptor, signal)) return attempt === 1 ? 'exists' : 'sent';
        const begun = await this.#begin(repository, upload);
        if (begun.status === 201) return 'mounted';
        try {
          await sendBlob(this.#requests, repository, upload, begun);
          return 'sent';
        } catch (error) {
          if (!(error instanceof UploadLost)) throw error;
          if (attempt >= this.#requests.retry.attempts) throw error.cause;
          await pause(attempt, this.#requests.retry, { signal });
        }
      }
    });
  }

  /**
   * Whether a repository has a blob, or the registry takes it over from another one: without its bytes. An upload that is begun
   * instead of that is given up.
   */
  async takeOver(named: Repository, upload: Omit<Upload, 'open' | 'onProgress'>): Promise<boolean> {
    const { descriptor, from, signal } = upload;
    const repository = this.#requests.routes.writing(named);
    return await this.#explaining(repository, signal, async () => {
      if (await this.#has(repository, descriptor, signal)) return true;
      if (from === undefined) return false;
      const begun = await this.#begin(repository, upload);
      if (begun.status !== 201) await this.#giveUp(repository, begun, upload);
      return begun.status === 201;
    });
  }

  /**
   * Puts a manifest or an index under a tag, or under its digest. Throws `invalid` when the registry knows it by another
   * digest.
   */
  async manifest(
    named: Repository,
    tagOrDigest: string,
    { bytes, mediaType, digest }: Document,
    signal?: AbortSignal,
  ): Promise<void> {
    const repository = this.#requests.routes.writing(named);
    const { domain, path } = repository;
    const object = `image ${domain}/${path}${tagOrDigest.includes(':') ? '@' : ':'}${tagOrDigest}`;
    await this.#explaining(repository, signal, async () => {
      const response = await this.#send(repository, {
        method: 'PUT',
        resource: `manifests/${tagOrDigest}`,
        headers: { 'content-type': mediaType },
        body: Buffer.from(bytes),
        accepts: [200, 201, 202],
        object,
        signal,
      });
      checkStatedDigest(response, { domain, object, digest });
    });
  }

  /** One that the registry has in another size is not this blob, or not whole: it is sent. */
  async #has(
    repository: Repository,
    { digest, size }: Upload['descriptor'],
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const { status, header } = await this.#send(repository, {
      method: 'HEAD',
      resource: `blobs/${digest}`,
      accepts: [200, 404],
      object: objectOf(repository, digest),
      signal,
    });
    return status === 200 && Number(header('content-length') ?? size) === size;
  }

  /** Asks for an upload, or for a blob of another repository: where that cannot be had, an upload begins, too. */
  async #begin(
    repository: Repository,
    upload: Pick<Upload, 'descriptor' | 'from' | 'signal'>,
  ): Promise<HttpResponse> {
    const { from, signal } = upload;
    if (from === undefined) return await this.#post(repository, upload);
    try {
      return await this.#post(repository, upload, from);
    } catch (error) {
      // It may not know how, or not let us read there.
      const isRefusal = error instanceof EngineError && error.kind !== 'unavailable';
      if (!isRefusal || signal?.aborted === true) throw error;
      return await this.#post(repository, upload);
    }
  }

  async #post(
    repository: Repository,
    { descriptor: { digest }, signal }: Pick<Upload, 'descriptor' | 'signal'>,
    from?: string,
  ): Promise<HttpResponse> {
    const query = from === undefined ? '' : `?${new URLSearchParams({ mount: digest, from })}`;
    return await this.#send(repository, {
      method: 'POST',
      resource: `blobs/uploads/${query}`,
      headers: { 'content-length': '0' },
      accepts: from === undefined ? [202] : [201, 202],
      object: objectOf(repository, digest),
      rights: { push: true, ...(from !== undefined && { from }) },
      signal,
    });
  }

  /** Registries need not know how to do that; what is left they collect. */
  async #giveUp(
    repository: Repository,
    begun: HttpResponse,
    { descriptor, signal }: Pick<Upload, 'descriptor' | 'signal'>,
  ): Promise<void> {
    const location = begun.header('location');
    if (location === undefined) return;
    await this.#send(repository, {
      method: 'DELETE',
      resource: this.#requests.target(repository, begun.url, location),
      accepts: [200, 202, 204, 404, 405],
      object: objectOf(repository, descriptor.digest),
      signal,
    });
  }

  async #send(repository: Repository, ask: Ask): Promise<HttpResponse> {
    const response = await this.#requests.send(repository, { rights: { push: true }, ...ask });
    await drain(response);
    return response;
  }

  #explaining<T>(
    repository: Repository,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    return this.#requests.explaining(repository, { signal, doing: 'writing' }, work);
  }
}

function objectOf({ domain, path }: Repository, digest: Digest): string {
  return `blob ${digest} of ${domain}/${path}`;
}
