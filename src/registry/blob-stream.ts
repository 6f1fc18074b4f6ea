import { EngineError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isTemporary, pause, type RetryPolicy } from './retry.ts';
import type { HttpResponse } from './transport.ts';

export interface BlobSource {
  /** For messages: the registry's domain. */
  registry: string;
  /** Asks for the blob from the given offset on; the answer has status 200 (all of it) or 206 (the rest). */
  open(offset: number): Promise<HttpResponse>;
  retry: RetryPolicy;
  signal: AbortSignal | undefined;
}

/** A connection that brought this many bytes before it broke counts as progress: patience starts anew. */
const PROGRESS = 1024 * 1024;

/**
 * The bytes of a blob exactly as served, exactly `size` of them: a connection that breaks is taken up again where it
 * broke. The digest is the reader's to verify, who hashes the bytes anyway. Throws `unavailable` when the blob keeps
 * breaking off, `invalid` when it is longer or shorter than its descriptor says.
 */
export async function* readBlob(descriptor: Descriptor, source: BlobSource): AsyncGenerator<Uint8Array> {
  const { digest, size } = descriptor;
  const { registry, retry, signal } = source;
  let received = 0;
  for (let breaks = 1; ; breaks++) {
    const start = received;
    let failure: unknown;
    const response = await source.open(start);
    let skip = start - firstByte(response, start, { descriptor, registry });
    try {
      for await (const chunk of response.body) {
        const fresh = skip === 0 ? chunk : chunk.subarray(skip);
        skip -= chunk.length - fresh.length;
        if (fresh.length === 0) continue;
        received += fresh.length;
        if (received > size) throw wrongSize(descriptor, registry, 'longer');
        yield fresh;
      }
    } catch (error) {
      if (!isTemporary(error)) throw error;
      failure = error;
    }
    if (received === size) return;
    if (received - start >= PROGRESS) breaks = 1;
    if (breaks >= retry.attempts) {
      const message = `blob ${digest} from registry ${registry} breaks off after ${received} of ${size} bytes`;
      throw new EngineError('unavailable', message, { subject: digest, cause: failure });
    }
    await pause(breaks, retry, { signal });
  }
}

/** The offset at which an answer begins: a server may ignore the range and send everything again. */
function firstByte(
  response: HttpResponse,
  wanted: number,
  { descriptor, registry }: { descriptor: Descriptor; registry: string },
): number {
  const { digest, size } = descriptor;
  const partial = response.status === 206;
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.header('content-range') ?? '');
  const offset = partial ? Number(range?.[1]) : 0;
  if (offset !== wanted && partial) {
    const message = `registry ${registry} sent another part of blob ${digest} than was asked for`;
    throw new EngineError('invalid', message, { subject: digest });
  }
  const length = response.header('content-length');
  const whole = length === undefined ? size : offset + Number(length);
  if (whole !== size) throw wrongSize(descriptor, registry, whole > size ? 'longer' : 'shorter');
  return offset;
}

function wrongSize({ digest, size }: Descriptor, registry: string, how: 'longer' | 'shorter'): EngineError {
  const message = `blob ${digest} from registry ${registry} is ${how} than the ${size} bytes of its descriptor`;
  return new EngineError('invalid', message, { subject: digest });
}
