import { writeSync } from 'node:fs';
import { EngineError } from '../../errors.ts';

const STDOUT = 1;
const STDERR = 2;
const EXIT_SIGPIPE = 128 + 13;

/**
 * Writes to standard output at once. Not through process.stdout, whose first use costs Bun 8 ms: more than all the
 * rest of a short command. A reader that has gone ends the command in silence, as SIGPIPE would. Throws `unavailable`
 * when it cannot be written, as on a full disk.
 */
export function print(text: string | Uint8Array): void {
  const error = writeWhole(STDOUT, text);
  if (error === undefined) return;
  throw new EngineError('unavailable', `cannot write to standard output: ${error.message}`, { cause: error });
}

/**
 * Writes pieces to standard output, as {@link print} does, each when the one before has been taken: nothing gathers in memory
 * where somebody made it non-blocking.
 */
export async function printPieces(pieces: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const piece of pieces) {
    print(piece);
    const stream = waiting.get(STDOUT);
    if (stream?.writableNeedDrain === true) await new Promise((resolve) => stream.once('drain', resolve));
  }
}

/** Writes to standard error at once; what cannot be written there cannot be told anywhere. */
export function printError(text: string): void {
  writeWhole(STDERR, text);
}

/** From now on a reader that has gone ends nothing: for who serves others, and merely tells what it does. */
export function stayWithoutReader(): void {
  staysWithoutReader = true;
}

let staysWithoutReader = false;

/** Exits at once, whatever else is under way, unless something printed is still on its way: then when that is out. */
export function exitWhenWritten(code: number): void {
  const streams = [...waiting.values()].filter(({ writableLength }) => writableLength > 0);
  if (streams.length === 0) process.exit(code);
  for (const stream of streams) stream.once('drain', () => exitWhenWritten(code));
}

/** Descriptors that somebody made non-blocking: their streams know how to wait, and keep what follows in order. */
const waiting = new Map<number, NodeJS.WriteStream>();

function writeWhole(fd: number, text: string | Uint8Array): NodeJS.ErrnoException | undefined {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  for (let at = 0; at < bytes.length; ) {
    const stream = waiting.get(fd);
    if (stream !== undefined) return void stream.write(bytes.subarray(at));
    try {
      at += writeSync(fd, bytes, at);
    } catch (cause) {
      const error = cause as NodeJS.ErrnoException;
      // The reader has gone; of a socket that it closed with something unread it is a reset.
      const isGone = error.code === 'EPIPE' || error.code === 'ECONNRESET';
      if (isGone && !staysWithoutReader) process.exit(EXIT_SIGPIPE);
      if (error.code !== 'EAGAIN') return error;
      waiting.set(fd, waitingStream(fd));
    }
  }
  return undefined;
}

function waitingStream(fd: number): NodeJS.WriteStream {
  const stream = fd === STDOUT ? process.stdout : process.stderr;
  return stream.on('error', () => process.exit(EXIT_SIGPIPE));
}
