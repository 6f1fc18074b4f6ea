import { EngineError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isTemporary, pause, type RetryPolicy } from './retry.ts';
import { drain, type HttpResponse } from './transport.ts';

export interface BlobSource {
  /** The registry's domain, for messages. */
  registry: string;
  /**
   * Asks for the blob from the given offset on. The answer has status 200 (all of it) or, for an offset other than 0,
   * 206 (a part) or 416 (no part).
   */
  open(offset: number): Promise<HttpResponse>;
  retry: RetryPolicy;
  signal: AbortSignal | undefined;
  /** How many bytes were read already, also from elsewhere; kept up to date. */
  progress?: { received: number };
}

/** A connection that brought this many bytes before it broke counts as progress: patience starts anew. */
const PROGRESS = 1024 * 1024;
/** A part that was served as announced may be smaller: registries may have a limit for one answer. */
const PART_PROGRESS = 64 * 1024;

/**
 * The bytes of a blob exactly as served, exactly `size` of them and each once: a connection that breaks is taken up
 * again where it broke, or from the start, without what was read already, where the registry cannot send a part. The
 * digest is the reader's to verify, who hashes the bytes anyway. Throws `unavailable` when the blob keeps breaking off,
 * `invalid` when it is longer or shorter than its descriptor says.
 */
export async function* readBlob(descriptor: Descriptor, source: BlobSource): AsyncGenerator<Uint8Array> {
  const { digest, size } = descriptor;
  const { registry, retry, signal, progress: total = { received: 0 } } = source;
  // Another place had more to send than this.
  if (total.received > 0 && total.received === size) return;
  let ranges = true;
  for (let fruitless = 1; ; fruitless++) {
    const start = total.received;
    let failure: unknown;
    const response = await source.open(ranges ? start : 0);
    const part = partOf(response, { descriptor, registry });
    if (part === undefined || part.offset > start) {
      await drain(response);
      ranges = false;
    } else {
      let skip = start - part.offset;
      try {
        for await (const chunk of response.body) {
          const fresh = skip === 0 ? chunk : chunk.subarray(skip);
          skip -= chunk.length - fresh.length;
          if (fresh.length === 0) continue;
          if (total.received + fresh.length > size)
            throw wrongSize(descriptor, { registry, response, how: 'longer' });
          total.received += fresh.length;
          yield fresh;
        }
      } catch (error) {
        if (!isTemporary(error)) throw error;
        failure = error;
      }
    }
    const { received } = total;
    if (received === size) return;
    if (failure === undefined && response.status === 200 && response.header('content-encoding') !== undefined)
      throw wrongSize(descriptor, { registry, response, how: 'shorter' });
    const isWholePart = part !== undefined && failure === undefined && received === part.end;
    const progress = received - start;
    if (progress >= (isWholePart ? PART_PROGRESS : PROGRESS)) fruitless = 0;
    if (isWholePart && fruitless === 0) continue;
    if (fruitless >= retry.attempts) {
      const message = `blob ${digest} from registry ${registry} breaks off after ${received} of ${size} bytes`;
      throw new EngineError('unavailable', message, { subject: digest, cause: failure });
    }
    await pause(Math.max(fruitless, 1), retry, { signal });
  }
}

/**
 * Returns which bytes a response carries, `end` not included; undefined when it has no part, or does not say which (RFC
 * 9110, section 14.4). A server may ignore the range and send everything. Throws `invalid` when the whole is of another
 * size.
 */
function partOf(
  response: HttpResponse,
  { descriptor, registry }: { descriptor: Descriptor; registry: string },
): { offset: number; end: number } | undefined {
  if (response.status === 416) return undefined;
  const { size } = descriptor;
  const wrong = (whole: number): EngineError =>
    wrongSize(descriptor, { registry, response, how: whole > size ? 'longer' : 'shorter' });
  if (response.status !== 206) {
    const length = response.header('content-length');
    if (length !== undefined && Number(length) !== size) throw wrong(Number(length));
    return { offset: 0, end: size };
  }
  const [, first, last, whole] =
    /^bytes (\d+)-(\d+)\/(\d+|\*)$/i.exec(response.header('content-range') ?? '') ?? [];
  if (first === undefined || last === undefined) return undefined;
  if (whole !== '*' && Number(whole) !== size) throw wrong(Number(whole));
  return { offset: Number(first), end: Number(last) + 1 };
}

function wrongSize(
  { digest, size }: Descriptor,
  { registry, response, how }: { registry: string; response: HttpResponse; how: 'longer' | 'shorter' },
): EngineError {
  const message = `blob ${digest} from registry ${registry} is ${how} than the ${size} bytes of its descriptor`;
  const encoding = response.header('content-encoding');
  const hint =
    encoding === undefined
      ? undefined
      : 'it was compressed on its way: the registry, or a proxy before it, must send blobs as they are';
  return new EngineError('invalid', message, { subject: digest, hint });
}
