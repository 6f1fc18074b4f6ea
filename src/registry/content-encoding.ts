import { EngineError } from '../errors.ts';
import { type HttpResponse, readBody } from './transport.ts';

/** The zlib function that undoes each content coding (RFC 9110, section 8.4.1; RFC 8878). */
const DECODERS = {
  gzip: 'gunzipSync',
  'x-gzip': 'gunzipSync',
  deflate: 'inflateSync',
  br: 'brotliDecompressSync',
  zstd: 'zstdDecompressSync',
} as const;

/**
 * Reads a body that is a document, not a blob: proxies on the way may have compressed it although nobody asked them
 * to. Undefined when it is longer than `limit` bytes, compressed or not. Throws `invalid`, naming `object`, for what
 * cannot be decompressed.
 */
export async function readDocument(
  response: HttpResponse,
  limit: number,
  object: string,
): Promise<Uint8Array | undefined> {
  let bytes = await readBody(response, limit);
  const codings = (response.header('content-encoding') ?? '').toLowerCase().split(',');
  for (const coding of codings.map((word) => word.trim()).reverse()) {
    if (bytes === undefined) return undefined;
    if (coding !== '' && coding !== 'identity') bytes = await decode(bytes, { coding, limit, object });
  }
  return bytes;
}

async function decode(
  bytes: Uint8Array,
  { coding, limit, object }: { coding: string; limit: number; object: string },
): Promise<Uint8Array | undefined> {
  const fail = (problem: string, cause?: unknown): EngineError =>
    new EngineError('invalid', `${object} came ${problem}`, {
      subject: object,
      hint: 'the registry, or a proxy before it, compresses what nobody asked it to',
      cause,
    });
  if (!Object.hasOwn(DECODERS, coding)) throw fail('in an unknown content encoding');
  const zlib = await import('node:zlib');
  try {
    return zlib[DECODERS[coding as keyof typeof DECODERS]](bytes, { maxOutputLength: limit });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw fail(`in a damaged ${coding} encoding`, cause);
  }
}
