import { EngineError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { RegistryError } from './errors.ts';
import type { Repository } from './repository.ts';
import type { Ask, RegistryRequests } from './requests.ts';
import { isTemporary, pause } from './retry.ts';
import { checkStatedDigest } from './stated-digest.ts';
import { drain, type HttpResponse } from './transport.ts';

/** A blob to be uploaded. */
export interface Upload {
  descriptor: Pick<Descriptor, 'digest' | 'size'>;
  /** Yields its bytes from the beginning. */
  open(): AsyncIterable<Uint8Array>;
  /** The path of another repository of the registry that probably has it. */
  from?: string | undefined;
  /** Told how many bytes the registry has. */
  onProgress?: ((bytes: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** A stretch of a blob; `end` is the offset of the first byte behind it. */
interface Chunk {
  bytes: Buffer;
  start: number;
  end: number;
}

/** The registry does not know an upload any more, or no longer what it had of it. The cause is the error for the user. */
export class UploadLost extends Error {
  override readonly name = 'UploadLost';
}

/** The largest chunk, in bytes, that a registry may insist on: it is held in memory. */
const CHUNK_LIMIT = 64 * 1024 * 1024;
/** How slowly bytes may go to a registry, and how slowly it may put a blob away when that is complete, in bytes per ms. */
const [SLOWEST_LINE, SLOWEST_DISK] = [16, 4096];

/**
 * Sends a blob to an upload that a registry has begun (OCI distribution spec, "Pushing blobs"): a small one in one piece,
 * others in chunks. What breaks off is taken up where the registry says that it is. Throws TransportFailure and EngineError;
 * `invalid` when the blob is not as long as its descriptor says. Throws UploadLost when it has to begin anew.
 */
export async function sendBlob(
  requests: RegistryRequests,
  repository: Repository,
  upload: Upload,
  begun: HttpResponse,
): Promise<void> {
  const session = new UploadSession(requests, repository, upload);
  session.follow(begun);
  const chunks = chunksOf(upload, chunkLength(requests, repository, { upload, begun }));
  try {
    let [next, end] = [chunks.next(), 0];
    for (;;) {
      const { value: chunk, done } = await next;
      if (done === true) break;
      end = chunk.end;
      const whole = chunk.start === 0 && end === upload.descriptor.size;
      // The next one is read while this one is on its way.
      next = chunks.next();
      next.catch(() => undefined);
      if (whole) return await session.deliver(chunk, 'PUT');
      await session.deliver(chunk, 'PATCH');
    }
    await session.deliver({ bytes: Buffer.alloc(0), start: end, end }, 'PUT');
  } finally {
    await chunks.return(undefined);
  }
}

/** As large as usual, or as the registry wants its chunks at least. */
function chunkLength(
  requests: RegistryRequests,
  { domain }: Repository,
  { upload, begun }: { upload: Upload; begun: HttpResponse },
): number {
  const least = Number(begun.header('oci-chunk-min-length') ?? 0) || 0;
  if (Math.min(least, upload.descriptor.size) <= CHUNK_LIMIT) return Math.max(least, requests.chunk);
  const message = `registry ${domain} wants blobs in chunks of ${least} bytes at least, too many for skiff`;
  throw new EngineError('unsupported', message, { subject: domain });
}

/** Where an upload goes on. */
class UploadSession {
  readonly #requests: RegistryRequests;
  readonly #repository: Repository;
  readonly #upload: Upload;
  #location: URL | undefined;

  constructor(requests: RegistryRequests, repository: Repository, upload: Upload) {
    this.#requests = requests;
    this.#repository = repository;
    this.#upload = upload;
  }

  /** Goes on where an answer says. */
  follow(response: HttpResponse): void {
    const location = response.header('location');
    if (location !== undefined)
      this.#location = this.#requests.target(this.#repository, response.url, location);
  }

  /** Sends a chunk; with PUT it is the last one. As often as it takes, as long as it gets on. */
  async deliver(chunk: Chunk, method: 'PATCH' | 'PUT'): Promise<void> {
    const { retry } = this.#requests;
    const { signal, onProgress } = this.#upload;
    let has = chunk.start;
    for (let fruitless = 1; ; fruitless++) {
      const before = has;
      try {
        has = method === 'PUT' ? await this.#finish(chunk, has) : await this.#append(chunk, has);
        onProgress?.(has);
        if (has === chunk.end) return;
      } catch (error) {
        if (isStatus(error, 404)) throw new UploadLost('unknown', { cause: error });
        const wait = retryAfter(error);
        if (fruitless >= retry.attempts || !mayWork(error) || (wait ?? 0) > retry.longestPause) throw error;
        await pause(fruitless, retry, { atLeast: wait, signal });
        has = await this.#received(error);
        if (has < chunk.start || has > chunk.end) throw new UploadLost('out of step', { cause: error });
        onProgress?.(has);
        if (has === chunk.end && method === 'PATCH') return;
      }
      if (has > before) fruitless = 0;
    }
  }

  /** Returns how far the registry is, which may have taken less than was sent. */
  async #append(chunk: Chunk, has: number): Promise<number> {
    const response = await this.#send({ method: 'PATCH', chunk, has, accepts: [200, 201, 202, 204] });
    this.follow(response);
    const length = lengthOf(response);
    return length !== undefined && length > has && length < chunk.end ? length : chunk.end;
  }

  /** Sends what is left and says that this is all. */
  async #finish(chunk: Chunk, has: number): Promise<number> {
    const { digest, size } = this.#upload.descriptor;
    const url = new URL(this.#where());
    // Not by its parameters: those that are there may be signed as they are.
    url.search += `${url.search === '' ? '' : '&'}digest=${encodeURIComponent(digest)}`;
    const patience = size / SLOWEST_DISK;
    const response = await this.#send({ method: 'PUT', url, chunk, has, patience, accepts: [201, 204] });
    checkStatedDigest(response, { domain: this.#repository.domain, object: this.#object, digest });
    return chunk.end;
  }

  /** Asks how many bytes the registry has, after the failure that is given. */
  async #received(cause: unknown): Promise<number> {
    try {
      const response = await this.#ask({ method: 'GET', accepts: [204, 200] }, this.#where());
      this.follow(response);
      return lengthOf(response) ?? 0;
    } catch (error) {
      if (error instanceof EngineError && (error.kind === 'notFound' || error.kind === 'invalid'))
        throw new UploadLost('no answer', { cause });
      throw error;
    }
  }

  async #send({
    method,
    accepts,
    url = this.#where(),
    chunk: { bytes, start, end },
    has,
    patience = 0,
  }: {
    method: 'PATCH' | 'PUT';
    accepts: readonly number[];
    url?: URL;
    chunk: Chunk;
    has: number;
    patience?: number;
  }): Promise<HttpResponse> {
    const body = bytes.subarray(has - start);
    const headers = {
      'content-type': 'application/octet-stream',
      'content-length': `${body.length}`,
      ...((method === 'PATCH' || (has > 0 && body.length > 0)) && { 'content-range': `${has}-${end - 1}` }),
    };
    // What is sent twice would be refused: whoever fails asks first what has arrived.
    const once = { attempts: 1, patience: patience + body.length / SLOWEST_LINE };
    return await this.#ask({ method, headers, body, accepts, ...once }, url);
  }

  async #ask(
    ask: Pick<Ask, 'method' | 'headers' | 'body' | 'accepts' | 'attempts' | 'patience'>,
    url: URL,
  ): Promise<HttpResponse> {
    const response = await this.#requests.send(this.#repository, {
      ...ask,
      resource: url,
      rights: { push: true },
      object: this.#object,
      signal: this.#upload.signal,
    });
    await drain(response);
    return response;
  }

  get #object(): string {
    const { domain, path } = this.#repository;
    return `blob ${this.#upload.descriptor.digest} of ${domain}/${path}`;
  }

  #where(): URL {
    if (this.#location !== undefined) return this.#location;
    const { domain } = this.#repository;
    throw new EngineError('invalid', `registry ${domain} began an upload, but did not say where`, {
      subject: domain,
    });
  }
}

/** How many bytes an answer says that the registry has; registries say 0-0 when they have nothing. */
function lengthOf(response: HttpResponse): number | undefined {
  const [, last] = /^(?:bytes=)?0-(\d+)$/.exec(response.header('range') ?? '') ?? [];
  if (last === undefined) return undefined;
  return last === '0' ? 0 : Number(last) + 1;
}

function isStatus(error: unknown, status: number): boolean {
  return (
    error instanceof EngineError && error.cause instanceof RegistryError && error.cause.status === status
  );
}

/** How long the registry wants to be left alone, in ms. */
function retryAfter(error: unknown): number | undefined {
  const { cause } = error instanceof EngineError ? error : {};
  return cause instanceof RegistryError ? cause.retryAfter : undefined;
}

/** Whether it is worth another try: the connection broke, the registry is busy, or it is not as far as was thought (416). */
function mayWork(error: unknown): boolean {
  const isBusy = error instanceof EngineError && error.kind === 'unavailable';
  return isTemporary(error) || isBusy || isStatus(error, 416);
}

async function* chunksOf(
  { descriptor: { digest, size }, open }: Upload,
  length: number,
): AsyncGenerator<Chunk, undefined> {
  let [pieces, held, start]: [Uint8Array[], number, number] = [[], 0, 0];
  const take = (): Chunk => {
    const chunk = { bytes: Buffer.concat(pieces, held), start, end: start + held };
    [pieces, held, start] = [[], 0, chunk.end];
    return chunk;
  };
  for await (const piece of open()) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + length - held);
      pieces.push(part);
      [held, at] = [held + part.length, at + part.length];
      if (start + held > size) break;
      if (held === length) yield take();
    }
    if (start + held > size) break;
  }
  if (start + held !== size)
    throw new EngineError('invalid', `layer ${digest} is not as long as its ${size} bytes`, {
      subject: digest,
    });
  if (held > 0) yield take();
  return undefined;
}
