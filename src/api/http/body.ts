import type { IncomingMessage } from 'node:http';
import { EngineError } from '../../errors.ts';

/** The most bytes of a body of JSON; what containers are made of is far shorter. */
const JSON_MAX = 4 << 20;

/** ms without a byte after which a body is not waited for any more: it would keep the service from ending. */
const STALL_MS = 30_000;

/**
 * Reads the body of a request as JSON; undefined when there is none. Throws `invalid` for what is no JSON, is too long, is
 * said to be something else, or of which nothing came for `stallMs`.
 */
export async function jsonBody(request: IncomingMessage, stallMs = STALL_MS): Promise<unknown> {
  if (!hasBody(request)) return undefined;
  const bytes = await wholeBody(request, { most: JSON_MAX, stallMs });
  if (bytes.length === 0) return undefined;
  // As with Docker. What has another type, or none, a browser sends for the page of any site without asking first.
  const { 'content-type': type = '' } = request.headers;
  if (!/^application\/json(?:\s*;|\s*$)/i.test(type))
    throw new EngineError('invalid', `Content-Type specified (${type}) must be 'application/json'`);
  try {
    return JSON.parse(bytes.toString());
  } catch (cause) {
    throw new EngineError('invalid', `the body is no JSON: ${(cause as Error).message}`, { cause });
  }
}

/** Whether a request says that it has a body (RFC 9112, section 6). */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

async function wholeBody(
  request: IncomingMessage,
  { most, stallMs }: { most: number; stallMs: number },
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const stalled = () => reject(new EngineError('invalid', `no more of the body came for ${stallMs} ms`));
  let timer = setTimeout(stalled, stallMs);
  const take = (chunk: Uint8Array) => {
    clearTimeout(timer);
    timer = setTimeout(stalled, stallMs);
    length += chunk.length;
    if (length > most) reject(new EngineError('invalid', `the body is longer than ${most} bytes`));
    else chunks.push(chunk);
  };
  const left = () => reject(new EngineError('invalid', 'the body ended before it was whole'));
  request.on('data', take);
  request.once('end', () => resolve(Buffer.concat(chunks)));
  for (const event of ['error', 'close']) request.once(event, left);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    request.off('data', take);
    // Who reads no further must not hold the connection back: what still comes is nobody's.
    request.resume();
  }
}
