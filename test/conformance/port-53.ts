import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * Run in a network namespace: somebody listens where the resolver of a container does, somebody else at port 53 of every
 * address. Prints, as JSON, who answers a question for port 53 of two addresses, and from which port.
 */
const SERVERS = [
  { name: 'resolver', address: '127.0.0.11', port: 61053 },
  { name: 'own', address: '0.0.0.0', port: 53 },
];

for (const { name, address, port } of SERVERS) {
  const socket = createSocket('udp4').bind(port, address);
  socket.on('message', (question, from) => socket.send(`${name}${question}`, from.port, from.address));
  const server = createServer((connection) => {
    connection.on('data', (question) => connection.end(`${name}${question}`));
  }).listen(port, address);
  await Promise.all([once(socket, 'listening'), once(server, 'listening')]);
}

async function askUdp(address: string): Promise<string> {
  const socket = createSocket('udp4');
  socket.send(' from', 53, address);
  const [answer, from] = await once(socket, 'message');
  return `${answer} ${from.port}`;
}

async function askTcp(address: string): Promise<string> {
  const connection = connect(53, address);
  connection.write(' from');
  const [answer] = await once(connection, 'data');
  return `${answer} ${connection.remotePort}`;
}

const said: Record<string, { udp: string; tcp: string }> = {};
for (const address of ['127.0.0.11', '127.0.0.1'])
  said[address] = { udp: await askUdp(address), tcp: await askTcp(address) };
console.log(JSON.stringify(said));
process.exit();
