import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { acceptHeader, webSocket } from '../../../../src/api/http/web-socket.ts';

/** What one side has sent, in chunks, and what it gets. */
function connected(chunks: readonly Uint8Array[], kind: 'text' | 'binary' = 'binary') {
  const sent: Uint8Array[] = [];
  let isEnded = false;
  const socket = webSocket(
    {
      input: (async function* () {
        yield* chunks;
      })(),
      write: async (bytes) => void sent.push(bytes),
      end: () => {
        isEnded = true;
      },
    },
    kind,
  );
  const read = async () => {
    const pieces: Uint8Array[] = [];
    for await (const piece of socket.input) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  };
  return { socket, read, sent: () => Buffer.concat(sent).toString('hex'), isEnded: () => isEnded };
}

/** A frame as clients send it. */
function masked(first: number, payload: string | Uint8Array, length?: Uint8Array): Buffer {
  const mask = [1, 2, 3, 4];
  const bytes = Buffer.from(payload as Uint8Array).map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return Buffer.concat([Uint8Array.of(first, ...(length ?? [0x80 | bytes.length]), ...mask), bytes]);
}

describe('a WebSocket', () => {
  it('gives the content of messages, however they are cut', async () => {
    const long = 'x'.repeat(70_000);
    const frames = Buffer.concat([
      masked(0x82, 'one '),
      masked(0x01, 'tw'),
      masked(0x89, 'p'),
      masked(0x80, 'o '),
      masked(0x82, 'y'.repeat(300), Uint8Array.of(0x80 | 126, 1, 44)),
      masked(0x82, long, Uint8Array.of(0x80 | 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70)),
      masked(0x82, ''),
    ]);
    const expected = `one two ${'y'.repeat(300)}${long}`;
    for (const size of [1, 7, frames.length]) {
      const chunks = Array.from({ length: Math.ceil(frames.length / size) }, (_, at) =>
        frames.subarray(at * size, (at + 1) * size),
      );
      const { read, sent } = connected(chunks);
      expect(await read()).toBe(expected);
      expect(sent()).toBe(`8a01${Buffer.from('p').toString('hex')}`);
    }
  });

  it('answers a close with its status, and is over then', async () => {
    const { read, sent, socket, isEnded } = connected([
      masked(0x88, Uint8Array.of(3, 0xe9)),
      masked(0x82, 'a'),
    ]);
    expect(await read()).toBe('');
    expect([sent(), isEnded(), socket.closed.aborted]).toEqual(['880203e9', true, true]);
  });

  it('answers pings though nobody reads what comes', async () => {
    const { sent, socket } = connected([masked(0x89, ''), masked(0x88, '')]);
    await new Promise<void>((resolve) => socket.closed.addEventListener('abort', () => resolve()));
    expect(sent()).toBe('8a008800');
  });

  it.each([
    ['is not masked', Buffer.from([0x82, 1, 65])],
    ['has reserved bits', masked(0xc2, 'a')],
    ['has an unknown opcode', masked(0x83, 'a')],
    ['has an unknown control opcode', masked(0x8b, 'a')],
    ['goes on with nothing', masked(0x80, 'a')],
    ['begins in the middle of another message', Buffer.concat([masked(0x02, ''), masked(0x82, 'a')])],
    ['is a ping in fragments', masked(0x09, '')],
    ['is a long ping', masked(0x89, 'a'.repeat(126), Uint8Array.of(0x80 | 126, 0, 126))],
    ['is longer than numbers go', masked(0x82, '', Uint8Array.of(0x80 | 127, 255, 0, 0, 0, 0, 0, 0, 0))],
  ])('is closed for a frame that %s', async (_what, frame) => {
    const { read, sent, isEnded } = connected([frame]);
    expect([await read(), sent(), isEnded()]).toEqual(['', '880203ea', true]);
  });

  it('sends each piece as a message of its kind, with the length in as many bytes as it needs', async () => {
    const { socket, sent } = connected([], 'text');
    await socket.write(Buffer.from('hi'));
    await socket.write(Buffer.alloc(126));
    await socket.write(Buffer.alloc(65_536));
    socket.end();
    socket.end();
    const expected = ['81026869', '817e007e', '00'.repeat(126), '817f0000000000010000', '00'.repeat(65_536)];
    expect(sent()).toBe([...expected, '880203e8'].join(''));
  });
});

describe('its handshake', () => {
  const request = (headers: object) =>
    ({
      headers: {
        upgrade: 'WebSocket',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'sec-websocket-version': '13',
        ...headers,
      },
    }) as IncomingMessage;

  it('is accepted as RFC 6455 says', () => {
    expect(acceptHeader(request({}))).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  });

  it('is refused when it is none', () => {
    expect(() => acceptHeader(request({ upgrade: 'tcp' }))).toThrow('not websocket protocol');
    expect(() => acceptHeader(request({ 'sec-websocket-key': 'AAAA' }))).toThrow('not websocket protocol');
    expect(() => acceptHeader(request({ 'sec-websocket-version': '8' }))).toThrow('13');
  });
});
