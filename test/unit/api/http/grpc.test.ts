import { connect, createServer, type ServerHttp2Stream } from 'node:http2';
import { duplexPair } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { GrpcConnection } from '../../../../src/api/http/grpc.ts';
import { answerCalls } from '../../../../src/api/http/grpc-server.ts';
import type { Connection } from '../../../../src/api/http/wire.ts';

/** Both sides of one connection. */
function pair(): Connection[] {
  return duplexPair().map((side) => ({
    input: side,
    write: (bytes: Uint8Array) => new Promise<void>((resolve) => side.write(bytes, () => resolve())),
    end: () => void side.end(),
  }));
}

describe('calls by gRPC', () => {
  it('are refused with the status and in words, one after the other', async () => {
    const [ours, theirs] = pair() as [Connection, Connection];
    void answerCalls(theirs, new Map(), 'it is not here (use é)');
    const connection = new GrpcConnection(ours);
    for (const method of ['/moby.buildkit.v1.Control/ListWorkers', '/moby.buildkit.v1.Control/Solve']) {
      const call = connection.call(method);
      await call.send(Buffer.from('asked'));
      call.end();
      await expect(call.messages().next()).rejects.toMatchObject({
        code: 12,
        message: expect.stringContaining('it is not here (use é)'),
      });
    }
    connection.close();
    await connection.closed;
  });

  it('are ended with the reason, also when the other side does not wait for what is still to be said', async () => {
    const [left, right] = duplexPair();
    const server = createServer();
    server.on('stream', (stream: ServerHttp2Stream) => {
      const head = { ':status': 200, 'content-type': 'application/grpc' };
      stream.respond({ ...head, 'grpc-status': '2', 'grpc-message': 'disk%20full' }, { endStream: true });
      stream.close(0);
    });
    server.emit('connection', right);
    const write = (bytes: Uint8Array) => new Promise<void>((resolve) => left.write(bytes, () => resolve()));
    const connection = new GrpcConnection({ input: left, write, end: () => void left.end() });
    const call = connection.call('/a.B/C');
    const talk = async () => {
      for (;;) await call.send(Buffer.from('more'));
    };
    await expect(talk()).rejects.toMatchObject({ code: 2, message: expect.stringContaining('disk full') });
    await expect(call.messages().next()).rejects.toMatchObject({ code: 2 });
    connection.close();
    await connection.closed;
  });

  it('are refused in the head of the answer: there are no trailers', async () => {
    const [left, right] = duplexPair();
    const write = (bytes: Uint8Array) => new Promise<void>((resolve) => right.write(bytes, () => resolve()));
    void answerCalls({ input: right, write, end: () => void right.end() }, new Map(), 'no');
    const client = connect('http://daemon', { createConnection: () => left });
    const { promise, resolve, reject } = Promise.withResolvers<object>();
    client.on('error', reject);
    const request = client.request({
      ':method': 'POST',
      ':path': '/a.B/C',
      'content-type': 'application/grpc',
    });
    request.on('response', resolve).on('error', reject).resume().end();
    expect(await promise).toMatchObject({
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-status': '12',
      'grpc-message': 'no',
    });
    client.destroy();
  });
});
