import type { IncomingMessage } from 'node:http';
import { EngineError } from '../../errors.ts';

/** The most bytes of a body of JSON; what containers are made of is far shorter. */
const JSON_MAX = 4 << 20;

/**
 * Reads the body of a request as JSON; undefined when there is none. Throws `invalid` for what is no JSON, is too long, or
 * said to be something else.
 */
export async function jsonBody(request: IncomingMessage): Promise<unknown> {
  if (!hasBody(request)) return undefined;
  const bytes = await wholeBody(request, JSON_MAX);
  if (bytes.length === 0) return undefined;
  const type = request.headers['content-type'];
  if (type !== undefined && !/^(application\/json|text\/plain)\b/i.test(type))
    throw new EngineError('invalid', `the body is to be application/json, and not ${type}`);
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

async function wholeBody(request: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > most) throw new EngineError('invalid', `the body is longer than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
