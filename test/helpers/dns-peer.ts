/** A process in some network namespace that asks, or is a server, as its parent tells it (name-resolver.ts). */
import { createSocket } from 'node:dgram';
import { connect, createServer, type Socket } from 'node:net';
import { A, encodeAnswer, encodeRecord, TXT } from './dns-wire.ts';

/** How a server behaves. `long` and `huge`: answers of 3,000 and 60,000 bytes. */
export type Manner = 'answers' | 'silent' | 'fails' | 'truncates' | 'long' | 'huge' | 'lies' | 'closes';

export type Order =
  | { do: 'ask'; message: string; port: number; times: number }
  | { do: 'flood'; messages: string[]; port: number; sockets: number }
  | { do: 'connect'; chunks: string[]; port: number; answers: number }
  | { do: 'hold'; count: number; chunk: string; port: number }
  | { do: 'serve'; address: string; manner: Manner }
  | { do: 'asked' };

const RESOLVER = '127.0.0.11';
const asked: { message: string; port: number; stream: boolean }[] = [];
const held: Socket[] = [];

function answersOf(question: Buffer, address: string, manner: Manner, stream: boolean): Buffer[] {
  const octet = Number(address.split('.')[3]);
  const record = encodeRecord(A, Buffer.of(192, 0, 2, octet));
  const texts = (count: number) => Array(count).fill(encodeRecord(TXT, Buffer.alloc(88, 65)));
  const right = encodeAnswer(question, [record]);
  if (manner === 'silent') return [];
  if (manner === 'fails') return [encodeAnswer(question, [], 0x8182)];
  if (manner === 'truncates' && !stream) return [encodeAnswer(question, [], 0x8380)];
  if (manner === 'long') return [encodeAnswer(question, [record, ...texts(30)])];
  if (manner === 'huge') return [encodeAnswer(question, [record, ...texts(600)])];
  if (manner !== 'lies') return [right];
  const otherId = Buffer.from(right);
  otherId.writeUInt16BE(right.readUInt16BE(0) ^ 1, 0);
  const otherName = Buffer.from(right);
  otherName.write('x', 13);
  const wrong = [otherId, otherName, Buffer.from(question), right.subarray(0, 11), Buffer.alloc(0)];
  return stream ? [otherId] : [...wrong, right];
}

/** Calls back with each whole message of a stream. */
function onMessages(socket: Socket, take: (message: Buffer) => void): void {
  let waiting = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
      take(waiting.subarray(2, 2 + waiting.readUInt16BE(0)));
      waiting = waiting.subarray(2 + waiting.readUInt16BE(0));
    }
  });
}

function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

async function serve(address: string, manner: Manner): Promise<void> {
  const datagrams = createSocket('udp4');
  datagrams.on('message', (message, { port, address: from }) => {
    asked.push({ message: message.toString('hex'), port, stream: false });
    for (const answer of answersOf(message, address, manner, false)) datagrams.send(answer, port, from);
  });
  await new Promise<void>((done) => datagrams.bind(53, address, done));
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    if (manner === 'closes') socket.destroy();
    onMessages(socket, (message) => {
      asked.push({ message: message.toString('hex'), port: socket.remotePort ?? 0, stream: true });
      for (const answer of answersOf(message, address, manner, true)) socket.write(framed(answer));
    });
  });
  await new Promise<void>((done) => server.listen(53, address, done));
}

/**
 * The answers to a datagram that is sent so often from one socket, fewer when there were none in 8 s. As clients do, it
 * asks once more after a second: what arrives in a flood may be lost.
 */
async function ask(message: Buffer, port: number, times: number): Promise<{ answers: string[] }> {
  const socket = createSocket('udp4');
  const answers: string[] = [];
  await new Promise<void>((done) => {
    const again = setInterval(() => socket.send(message, port, RESOLVER), 1000);
    const timer = setTimeout(() => {
      clearInterval(again);
      done();
    }, 8000);
    socket.on('message', (answer, from) => {
      if (from.address !== RESOLVER || from.port !== port) return;
      answers.push(answer.toString('hex'));
      if (answers.length < times) socket.send(message, port, RESOLVER);
      else {
        clearInterval(again);
        clearTimeout(timer);
        done();
      }
    });
    socket.send(message, port, RESOLVER);
  });
  socket.close();
  return { answers };
}

async function flood(messages: Buffer[], port: number, count: number): Promise<void> {
  const sockets = Array.from({ length: count }, () => createSocket('udp4'));
  for (const [index, message] of messages.entries()) {
    const socket = sockets[index % count];
    await new Promise<void>((done) => socket?.send(message, port, RESOLVER, () => done()));
  }
  for (const socket of sockets) socket.close();
}

/** Returns what came back on one connection until it ended, or until so many answers were there. */
async function exchange(chunks: Buffer[], port: number, count: number) {
  const socket = connect(port, RESOLVER);
  socket.setNoDelay(true);
  const answers: string[] = [];
  return await new Promise<{ answers: string[]; closed: boolean }>((done) => {
    socket.on('error', () => socket.destroy());
    socket.on('close', () => done({ answers, closed: answers.length < count }));
    onMessages(socket, (message) => {
      if (answers.push(message.toString('hex')) === count) socket.destroy();
    });
    socket.on('connect', () => {
      const next = () => {
        const chunk = chunks.shift();
        if (chunk !== undefined) socket.write(chunk, () => setImmediate(next));
      };
      next();
    });
  });
}

/** Opens connections, sends a chunk on each, and leaves them as they are. */
async function hold(count: number, chunk: Buffer, port: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const socket = connect(port, RESOLVER);
    held.push(socket);
    socket.on('error', () => socket.destroy());
    await new Promise<void>((done) => socket.once('connect', () => socket.write(chunk, () => done())));
  }
}

async function perform(order: Order): Promise<unknown> {
  const hex = (text: string) => Buffer.from(text, 'hex');
  switch (order.do) {
    case 'ask':
      return await ask(hex(order.message), order.port, order.times);
    case 'flood':
      return await flood(order.messages.map(hex), order.port, order.sockets);
    case 'connect':
      return await exchange(order.chunks.map(hex), order.port, order.answers);
    case 'hold':
      return await hold(order.count, hex(order.chunk), order.port);
    case 'serve':
      return await serve(order.address, order.manner);
    case 'asked':
      return asked.splice(0);
  }
}

process.on('message', async ({ number, order }: { number: number; order: Order }) => {
  process.send?.({ number, result: await perform(order) });
});
process.on('disconnect', () => process.exit());
