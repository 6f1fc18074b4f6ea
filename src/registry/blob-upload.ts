import { EngineError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Repository } from './repository.ts';
import type { Ask, RegistryRequests } from './requests.ts';
import { isTemporary, pause } from './retry.ts';
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

/**
 * Sends a blob to an upload that a registry has begun (OCI distribution spec, "Pushing blobs"): a small one in one piece,
 * others in chunks. What breaks off is taken up where the registry says that it is. Throws TransportFailure and EngineError;
 * `invalid` when the blob is not as long as its descriptor says.
 */
export async function sendBlob(
  requests: RegistryRequests,
  repository: Repository,
  upload: Upload,
  begun: HttpResponse,
): Promise<void> {
  const session = new UploadSession(requests, repository, upload);
  session.follow(begun);
  const least = Number.parseInt(begun.header('oci-chunk-min-length') ?? '', 10) || 0;
  const chunks = chunksOf(upload, Math.max(least, requests.chunk));
  try {
    let next = chunks.next();
    for (;;) {
      const { value: chunk, done } = await next;
      if (done === true) break;
      const whole = chunk.start === 0 && chunk.end === upload.descriptor.size;
      // The next one is read while this one is on its way.
      next = chunks.next();
      next.catch(() => undefined);
      if (whole) return await session.finish(chunk.bytes);
      await session.append(chunk);
    }
    await session.finish(Buffer.alloc(0));
  } finally {
    await chunks.return(undefined);
  }
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

  async append({ bytes, start, end }: Chunk): Promise<void> {
    for (let attempt = 1, has = start; has < end; attempt++) {
      try {
        const headers = {
          'content-type': 'application/octet-stream',
          'content-range': `${has}-${end - 1}`,
        };
        const body = bytes.subarray(has - start);
        this.follow(await this.#send({ method: 'PATCH', headers, body, accepts: [200, 201, 202, 204] }));
        has = end;
      } catch (error) {
        if (attempt >= this.#requests.retry.attempts || !mayWork(error)) throw error;
        await pause(attempt, this.#requests.retry, { signal: this.#upload.signal });
        has = await this.#received();
        if (has < start || has > end) throw error;
      }
      this.#upload.onProgress?.(has);
    }
  }

  /** Sends what is left and says that this is all. */
  async finish(body: Buffer): Promise<void> {
    const { digest, size } = this.#upload.descriptor;
    const url = new URL(this.#where());
    url.searchParams.append('digest', digest);
    const headers = { 'content-type': 'application/octet-stream', 'content-length': `${body.length}` };
    await this.#send({ method: 'PUT', headers, body, accepts: [201, 204] }, url);
    this.#upload.onProgress?.(size);
  }

  /** Asks how many bytes the registry has. */
  async #received(): Promise<number> {
    const response = await this.#send({ method: 'GET', accepts: [204, 200] });
    this.follow(response);
    const [, last] = /^(?:bytes=)?0-(\d+)$/.exec(response.header('range') ?? '') ?? [];
    // Registries say 0-0 when they have nothing.
    return last === undefined || last === '0' ? 0 : Number(last) + 1;
  }

  async #send(
    ask: Pick<Ask, 'method' | 'headers' | 'body' | 'accepts'>,
    url = this.#where(),
  ): Promise<HttpResponse> {
    const { domain, path } = this.#repository;
    const response = await this.#requests.send(this.#repository, {
      ...ask,
      resource: url,
      rights: { push: true },
      object: `blob ${this.#upload.descriptor.digest} of ${domain}/${path}`,
      // What is sent twice would be refused: whoever fails asks first what has arrived.
      attempts: 1,
      signal: this.#upload.signal,
    });
    await drain(response);
    return response;
  }

  #where(): URL {
    if (this.#location !== undefined) return this.#location;
    const { domain } = this.#repository;
    throw new EngineError('invalid', `registry ${domain} began an upload, but did not say where`, {
      subject: domain,
    });
  }
}

/** Whether it is worth another try: the connection broke, or the registry is busy. */
function mayWork(error: unknown): boolean {
  return isTemporary(error) || (error instanceof EngineError && error.kind === 'unavailable');
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
