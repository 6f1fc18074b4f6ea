import { Duplex, type Readable } from 'node:stream';
import type { Connection } from './wire.ts';

/** The most bytes of one message: those that come are pieces of files, of 32 kB. */
const MESSAGE_MAX = 4 << 20;

/** The flag that a message is not compressed, and its length (grpc, doc/PROTOCOL-HTTP2.md). */
const PREFIX = 5;

/** A message as it is sent. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(PREFIX + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX);
  return frame;
}

/**
 * The messages of a stream, to its end. Throws what `wrong` makes for one that is compressed, too long, or not there as a whole:
 * the stream stays open, for a status.
 */
export async function* messagesOf(stream: Readable, wrong: () => Error): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  // Who has sent something wrong is told so: the stream is not destroyed.
  for await (const piece of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    for (;;) {
      if (rest.length < PREFIX) break;
      const length = rest.readUInt32BE(1);
      if (rest[0] !== 0 || length > MESSAGE_MAX) throw wrong();
      if (rest.length < PREFIX + length) break;
      yield rest.subarray(PREFIX, PREFIX + length);
      rest = rest.subarray(PREFIX + length);
    }
  }
  if (rest.length > 0) throw wrong();
}

/** A connection as a stream, which reads no faster than it is read. */
export function duplexOf({ input, write, end }: Connection): Duplex {
  const pieces = input[Symbol.asyncIterator]();
  let sent: Promise<void> = Promise.resolve();
  const duplex = new Duplex({
    read() {
      pieces.next().then(
        ({ done, value }) => void this.push(done === true ? null : value),
        (error: Error) => void this.destroy(error),
      );
    },
    write(bytes: Uint8Array, _encoding, done) {
      // Bun writes its next frame into the same memory. Nobody waits, so that none of them waits in it: how much is under way at most
      // is for the other side to say (RFC 9113, 5.2).
      const copy = Buffer.from(bytes);
      sent = sent.then(() => write(copy));
      sent.catch(() => {});
      done();
    },
    final(done) {
      sent.then(end).then(() => done(), done);
    },
    destroy(error, done) {
      end();
      done(error);
    },
  });
  // HTTP/2 knows no side that ends alone: a client that was killed says nothing else.
  duplex.once('end', () => void duplex.destroy());
  return duplex;
}
