import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * Listens and asks in a network namespace: `talker.ts NAME PORT`. It answers at that port of TCP and UDP with its name
 * and the address it saw. For each line `PROTOCOL ADDRESS PORT [OWN-PORT]` on standard input it prints what it was
 * answered there, or a word for why it was not; by UDP it asks from its own port, if that is named.
 */
const [name = '', ownPort = ''] = process.argv.slice(2);
/** For what is dropped: nothing else tells. */
const PATIENCE_MS = 1000;

const answer = (address = '') => `${name} saw ${address.replace('::ffff:', '')}`;

const server = createServer((connection) => {
  connection.on('error', () => undefined);
  connection.end(answer(connection.remoteAddress));
});
await new Promise<void>((done) => server.listen(Number(ownPort), '::', done));
const socket = createSocket('udp6');
socket.on('message', (_question, from) => socket.send(answer(from.address), from.port, from.address));
await new Promise<void>((done) => socket.bind(Number(ownPort), '::', done));

function askTcp(address: string, port: number): Promise<string> {
  return new Promise((done) => {
    const connection = connect({ port, host: address, timeout: PATIENCE_MS });
    connection.on('data', (text) => done(String(text)));
    connection.on('error', ({ message }) => done(message.includes('ECONNREFUSED') ? 'refused' : message));
    connection.on('timeout', () => {
      done('silence');
      connection.destroy();
    });
  });
}

function askUdp(address: string, port: number, from?: number): Promise<string> {
  return new Promise((done) => {
    const asking = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    const end = (text: string) => {
      clearTimeout(timer);
      asking.close();
      done(text);
    };
    const timer = setTimeout(() => end('silence'), PATIENCE_MS);
    asking.on('message', (text) => end(String(text)));
    asking.on('error', ({ message }) => end(message));
    if (from !== undefined) asking.bind(from);
    asking.send('?', port, address);
  });
}

console.log('ready');
for await (const line of createInterface(process.stdin)) {
  const [protocol, address = '', port = '', from] = line.split(' ');
  const ask = protocol === 'udp' ? askUdp : askTcp;
  console.log(await ask(address, Number(port), from === undefined ? undefined : Number(from)));
}
process.exit();
