import { connect } from 'node:http2';
import { duplexPair } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { GrpcConnection } from '../../../../src/api/http/grpc.ts';
import { duplexOf } from '../../../../src/api/http/grpc-frames.ts';
import { answerCalls, type GrpcMethod } from '../../../../src/api/http/grpc-server.ts';
import type { Connection } from '../../../../src/api/http/wire.ts';
import { EngineError } from '../../../../src/errors.ts';

const opened: GrpcConnection[] = [];
afterEach(() => {
  for (const connection of opened.splice(0)) connection.close();
});

function connectionOf(side: ReturnType<typeof duplexPair>[0]): Connection {
  const write = (bytes: Uint8Array) => new Promise<void>((resolve) => side.write(bytes, () => resolve()));
  return { input: side, write, end: () => void side.end() };
}

function answering(methods: Record<string, GrpcMethod>): { client: GrpcConnection; closed: Promise<void> } {
  const [ours, theirs] = duplexPair();
  const closed = answerCalls(connectionOf(theirs), new Map(Object.entries(methods)), 'not here');
  const client = new GrpcConnection(connectionOf(ours));
  opened.push(client);
  return { client, closed };
}

async function all(messages: AsyncIterable<Buffer>): Promise<string[]> {
  const texts: string[] = [];
  for await (const message of messages) texts.push(String(message));
  return texts;
}

describe('a call that is answered', () => {
  it('has one message both ways, and its metadata', async () => {
    const { client } = answering({
      '/a.B/C': async (call) => Buffer.from(`${call.metadata['who']} said ${await call.message()}`),
    });
    const call = client.call('/a.B/C', { who: 'somebody' });
    await call.send(Buffer.from('this'));
    call.end();
    expect(await all(call.messages())).toEqual(['somebody said this']);
  });

  it('may have many messages both ways, of any size, and none is lost before its end', async () => {
    const { client } = answering({
      '/a.B/Echo': async (call) => {
        for await (const message of call.messages()) await call.send(message);
        return Buffer.from('end');
      },
    });
    const sizes = [0, 1, 5, 16_384, 100_000, 1];
    const call = client.call('/a.B/Echo');
    const answers = all(call.messages());
    for (const size of sizes) await call.send(Buffer.alloc(size, 'x'));
    call.end();
    expect((await answers).map(({ length }) => length)).toEqual([...sizes, 3]);
  });

  it.each<[string, unknown, number, string]>([
    [
      'an error of the engine',
      new EngineError('invalid', 'it is é', { hint: 'do it' }),
      2,
      'it is é (do it)',
    ],
    ['what was cancelled', new EngineError('cancelled', 'gone'), 1, 'gone'],
    ['a fault', new TypeError('oops'), 2, 'skiff has failed: oops'],
  ])('says %s in its status', async (_, error, code, message) => {
    const { client } = answering({
      '/a.B/C': async () => {
        throw error;
      },
    });
    const call = client.call('/a.B/C');
    call.end();
    await expect(all(call.messages())).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  it('says why it has ended also to a client that is still sending', async () => {
    const { client } = answering({
      '/a.B/C': async () => {
        throw new EngineError('invalid', 'no more');
      },
    });
    const call = client.call('/a.B/C');
    await expect(all(call.messages())).rejects.toThrow('no more');
    call.cancel();
    await expect(call.send(Buffer.from('more'))).rejects.toMatchObject({ code: 2 });
  });

  it('is aborted when its client gives it up', async () => {
    const { promise: given, resolve: begin } = Promise.withResolvers<AbortSignal>();
    const { client } = answering({
      '/a.B/C': async ({ signal }) => {
        begin(signal);
        await new Promise((gone) => signal.addEventListener('abort', gone));
        return undefined;
      },
    });
    const call = client.call('/a.B/C');
    const signal = await given;
    expect(signal.aborted).toBe(false);
    const aborted = new Promise((gone) => signal.addEventListener('abort', gone));
    call.cancel();
    await aborted;
    await expect(all(call.messages())).rejects.toThrow();
  });

  it('is aborted when the connection ends without a word, as that of a client that was killed', async () => {
    const { promise: given, resolve: begin } = Promise.withResolvers<AbortSignal>();
    const [ours, theirs] = duplexPair();
    const method: GrpcMethod = async ({ signal }) => {
      begin(signal);
      await new Promise((gone) => signal.addEventListener('abort', gone));
      return undefined;
    };
    const closed = answerCalls(connectionOf(theirs), new Map([['/a.B/C', method]]), 'not here');
    const client = new GrpcConnection(connectionOf(ours));
    opened.push(client);
    const call = client.call('/a.B/C');
    const signal = await given;
    const aborted = new Promise((gone) => signal.addEventListener('abort', gone));
    ours.end();
    await Promise.all([aborted, closed]);
    await expect(all(call.messages())).rejects.toThrow();
  });

  it.each([
    ['is compressed', Buffer.from([1, 0, 0, 0, 1, 0])],
    ['is too long, and does not end', Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 0])],
    ['ends too early', Buffer.from([0, 0, 0, 0, 2, 0])],
  ])('has a status when its message %s', async (_, bytes) => {
    const [ours, theirs] = duplexPair();
    const methods = new Map<string, GrpcMethod>([['/a.B/C', async (call) => await call.message()]]);
    void answerCalls(connectionOf(theirs), methods, 'not here');
    const session = connect('http://test', { createConnection: () => duplexOf(connectionOf(ours)) });
    const stream = session.request({ ':method': 'POST', ':path': '/a.B/C' });
    stream.write(bytes);
    if (bytes[1] === 0) stream.end();
    const trailers = new Promise<object>((resolve) => stream.once('trailers', resolve));
    stream.resume();
    expect(await trailers).toMatchObject({
      'grpc-status': '2',
      'grpc-message': 'the%20call%20is%20none%20of%20gRPC',
    });
    session.destroy();
  });

  it('is no message of gRPC when it is compressed or too long', async () => {
    const { client } = answering({ '/a.B/C': async (call) => await call.message() });
    const call = client.call('/a.B/C');
    // The length of a message of 5 MB, in a call of its own framing.
    await call.send(Buffer.alloc(5 << 20));
    call.end();
    await expect(all(call.messages())).rejects.toThrow('none of gRPC');
  });

  it('ends with its connection', async () => {
    const { client, closed } = answering({});
    client.close();
    await closed;
  });
});

describe('a connection as a stream', () => {
  it('has sent what it was given, although that memory is used again at once', async () => {
    const sent: string[] = [];
    const stream = duplexOf({
      input: (async function* () {})(),
      write: async (bytes) => {
        await Promise.resolve();
        sent.push(String(Buffer.from(bytes)));
      },
      end: () => sent.push('end'),
    });
    const memory = Buffer.from('first');
    stream.write(memory);
    memory.write('other');
    stream.write(memory);
    memory.write('third');
    await new Promise<void>((resolve) => stream.end(resolve));
    expect(sent).toEqual(['first', 'other', 'end']);
  });

  it('is over when the other side has ended it, whoever still writes', async () => {
    let isEnded = false;
    const stream = duplexOf({
      input: (async function* () {})(),
      write: async () => {},
      end: () => {
        isEnded = true;
      },
    });
    const closed = new Promise((resolve) => stream.once('close', resolve));
    stream.resume();
    await closed;
    expect(isEnded).toBe(true);
  });
});
