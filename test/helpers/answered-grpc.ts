import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { duplexPair } from 'node:stream';
import { afterEach } from 'vitest';
import type { Message } from '../../src/api/buildkit/protobuf.ts';
import { GrpcConnection } from '../../src/api/http/grpc.ts';

/** Answers a call of a client's; what it returns is the status. */
export type Answer = (
  method: string,
  messages: AsyncGenerator<Buffer>,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
) => Promise<number>;

const opened: GrpcConnection[] = [];
afterEach(() => {
  for (const connection of opened.splice(0)) connection.close();
});

/** A connection to a server of HTTP/2 that answers calls of gRPC; what it returns is the status. */
export function answered(answer: Answer, methods: string[] = [], heard: object[] = []): GrpcConnection {
  const [ours, theirs] = duplexPair();
  const server = createServer();
  server.on('stream', async (stream: ServerHttp2Stream, headers) => {
    const { ':path': path = '' } = headers;
    heard.push(headers);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    let status = 0;
    stream.on('wantTrailers', () =>
      stream.sendTrailers({ 'grpc-status': String(status), 'grpc-message': 'not%20here' }),
    );
    status = await answer(path, messagesOf(stream), stream, headers);
    stream.end();
  });
  server.emit('connection', theirs);
  const write = (bytes: Uint8Array) => new Promise<void>((resolve) => ours.write(bytes, () => resolve()));
  const connection = new GrpcConnection({ input: ours, write, end: () => void ours.end() }, methods);
  opened.push(connection);
  return connection;
}

async function* messagesOf(stream: ServerHttp2Stream): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const piece of stream.iterator({ destroyOnReturn: false })) {
    rest = Buffer.concat([rest, piece]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      const end = 5 + rest.readUInt32BE(1);
      yield rest.subarray(5, end);
      rest = rest.subarray(end);
    }
  }
}

/** Sends a message of the call. */
export function send(stream: ServerHttp2Stream, message: Message): void {
  const bytes = message.encoded();
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  // In two pieces: messages are where the lengths say, not where pieces end.
  stream.write(Buffer.concat([head, bytes.subarray(0, 1)]));
  stream.write(bytes.subarray(1));
}
