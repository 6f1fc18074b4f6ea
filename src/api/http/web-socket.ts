import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { EngineError } from '../../errors.ts';
import { begun, type Connection } from './wire.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The header by which a handshake is answered (RFC 6455, section 4.2). Throws `invalid` for a request that is none. */
export function acceptHeader({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const key = headers['sec-websocket-key'] ?? '';
  if (headers.upgrade?.toLowerCase() !== 'websocket' || Buffer.from(key, 'base64').length !== 16)
    throw new EngineError('invalid', 'not websocket protocol');
  if (headers['sec-websocket-version'] !== '13')
    throw new EngineError('invalid', 'the version of the websocket protocol is not 13');
  return createHash('sha1').update(`${key}${GUID}`).digest('base64');
}

/** A connection by messages, whose content is a stream of bytes each way. */
export interface WebSocketConnection extends Connection {
  /** Aborts when the client has closed it, or broken its rules. */
  readonly closed: AbortSignal;
}

const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const FINAL = 0x80;
const MASKED = 0x80;
const CONTROL_MAX = 125;
const [CLOSED_NORMALLY, PROTOCOL_ERROR] = [1000, 1002];

/** Speaks RFC 6455 on a connection whose handshake is over. A message of any length passes through piece by piece. */
export function webSocket(connection: Connection, kind: 'text' | 'binary'): WebSocketConnection {
  const closed = new AbortController();
  const close = (status: Uint8Array) => {
    if (closed.signal.aborted) return;
    void connection.write(frameOf(OPCODE.close, status));
    connection.end();
    closed.abort();
  };
  const answer = (opcode: number, payload: Uint8Array) => {
    if (opcode === OPCODE.ping) void connection.write(frameOf(OPCODE.pong, payload));
    if (opcode === OPCODE.close) close(payload.subarray(0, 2));
  };
  return {
    closed: closed.signal,
    // Nobody has to ask for it to answer a ping.
    input: begun(untilBroken(messages(connection.input, answer), () => close(statusOf(PROTOCOL_ERROR)))),
    write: (bytes) => connection.write(frameOf(OPCODE[kind], bytes)),
    end: () => close(statusOf(CLOSED_NORMALLY)),
  };
}

async function* untilBroken(
  pieces: AsyncIterable<Uint8Array>,
  broken: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    broken();
  }
}

function statusOf(code: number): Uint8Array {
  return Uint8Array.of(code >> 8, code & 0xff);
}

/** One whole message of a server, which masks nothing. */
function frameOf(opcode: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = FINAL | opcode;
  header[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (header.length === 4) header.writeUInt16BE(length, 2);
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, payload]);
}

/** Yields the content of messages, and tells of control frames. Throws `invalid` for what breaks the protocol. */
async function* messages(
  input: AsyncIterable<Uint8Array>,
  control: (opcode: number, payload: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  const reader = new Reader(input);
  let isFragmented = false;
  for (;;) {
    const head = await reader.take(2);
    if (head === undefined) return;
    const [first = 0, second = 0] = head;
    const opcode = first & 0x0f;
    const isFinal = (first & FINAL) !== 0;
    if ((first & 0x70) !== 0 || (second & MASKED) === 0) throw broken();
    const length = await reader.length(second & 0x7f);
    const mask = await reader.take(4);
    if (length === undefined || mask === undefined) return;
    if (opcode >= OPCODE.close) {
      if (!isFinal || length > CONTROL_MAX || opcode > OPCODE.pong) throw broken();
      const payload = await reader.take(length);
      if (payload === undefined) return;
      control(opcode, unmasked(payload, mask, 0));
      if (opcode === OPCODE.close) return;
      continue;
    }
    if (opcode > OPCODE.binary || (opcode === OPCODE.continuation) !== isFragmented) throw broken();
    isFragmented = !isFinal;
    for (let at = 0; at < length; ) {
      const piece = await reader.some(length - at);
      if (piece === undefined) return;
      yield unmasked(piece, mask, at);
      at += piece.length;
    }
  }
}

/** `at`: how much of the payload came before. */
function unmasked(bytes: Uint8Array, mask: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, index) => byte ^ (mask[(at + index) % 4] ?? 0));
}

function broken(): EngineError {
  return new EngineError('invalid', 'the client broke the websocket protocol');
}

/** Takes a stream apart. Undefined: it has ended before that. */
class Reader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = Buffer.alloc(0);

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#chunks = input[Symbol.asyncIterator]();
  }

  /** Exactly so many bytes: few. */
  async take(count: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length < count) {
      const next = await this.#chunks.next();
      if (next.done === true) return undefined;
      this.#rest = this.#rest.length === 0 ? next.value : Buffer.concat([this.#rest, next.value]);
    }
    const taken = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return taken;
  }

  /** What is there, at most so many bytes. */
  async some(most: number): Promise<Uint8Array | undefined> {
    const first = await this.take(1);
    if (first === undefined) return undefined;
    const rest = this.#rest.subarray(0, most - 1);
    this.#rest = this.#rest.subarray(rest.length);
    return Buffer.concat([first, rest]);
  }

  /** The length that a frame's seven bits say, or the bytes behind them. */
  async length(bits: number): Promise<number | undefined> {
    if (bits < 126) return bits;
    const bytes = await this.take(bits === 126 ? 2 : 8);
    if (bytes === undefined) return undefined;
    const length = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    if (!Number.isSafeInteger(length)) throw broken();
    return length;
  }
}
