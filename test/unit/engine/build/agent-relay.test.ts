import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { relayAgent } from '../../../../src/engine/build/agent-relay.ts';

const place = mkdtempSync(join(tmpdir(), 'skiff-agent-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

const { getuid, getgid } = process as { getuid(): number; getgid(): number };
const owner = { uid: getuid(), gid: getgid() };

/** A message of the protocol: its length, its number, and what else it says. */
const message = (kind: number, text = ''): Buffer => {
  const body = Buffer.from([kind, ...Buffer.from(text)]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(body.length);
  return Buffer.concat([size, body]);
};

/** An agent that answers each message with the same one, and a relay to it; `directory` has a name longer than a socket's. */
async function relayed(name: string) {
  const heard: number[] = [];
  const server = createServer((client) =>
    client.on('data', (bytes: Buffer) => {
      heard.push(bytes[4] ?? 0);
      client.write(bytes);
    }),
  ).listen(join(place, `${name}.sock`));
  await once(server, 'listening');
  const above = join(place, 'x'.repeat(120));
  mkdirSync(above, { recursive: true });
  const directory = join(above, name);
  const relay = await relayAgent({ agent: join(place, `${name}.sock`), directory, ...owner, mode: 0o640 });
  onTestFinished(() => {
    relay.close();
    server.close();
  });
  return { relay, heard, directory };
}

/** What a socket says next. */
async function next(socket: Socket): Promise<Buffer> {
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return bytes;
}

it('passes on which keys there are and signatures, in whatever pieces they come, and refuses what changes an agent', async () => {
  const { relay, heard, directory } = await relayed('asked');
  const { mode, uid, gid } = statSync(relay.path);
  expect([mode & 0o777, uid, gid]).toEqual([0o640, owner.uid, owner.gid]);
  const descriptor = openSync(directory, 'r');
  const client = connect(`/proc/self/fd/${descriptor}/agent`);
  await once(client, 'connect');
  closeSync(descriptor);
  client.write(message(11));
  expect(await next(client)).toEqual(message(11));
  // Remove all keys, lock, add a key, an extension.
  for (const kind of [19, 22, 17, 27]) {
    client.write(message(kind, 'word'));
    expect(await next(client)).toEqual(message(5));
  }
  const signing = message(13, 'to be signed');
  client.write(signing.subarray(0, 3));
  client.write(signing.subarray(3, 9));
  client.write(signing.subarray(9));
  expect(await next(client)).toEqual(signing);
  expect(heard).toEqual([11, 13]);
  relay.close();
  await once(client, 'close');
});
