import { createHash, randomBytes } from 'node:crypto';
import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { encodePorts, freePort, useForwarder } from '../helpers/forwarder.ts';
import { gone } from '../helpers/plan.ts';

/** The container is a server of 127.0.0.1, its port is published on ::1: the address family changes, as it does there. */

const { hold, failure } = useForwarder();
const open: { close(): unknown }[] = [];

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

async function serve(handler: (socket: Socket) => void, host = '127.0.0.1', port = 0): Promise<number> {
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, handler);
  server.listen(port, host, 2048);
  open.push(server);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function serveDatagrams(answer: (message: Buffer, port: number) => string): Promise<number> {
  const socket = createSocket('udp4');
  socket.on('message', (message, { port }) => socket.send(answer(message, port), port, '127.0.0.1'));
  socket.bind(0, '127.0.0.1');
  open.push(socket);
  await once(socket, 'listening');
  return socket.address().port;
}

/** A UDP socket that hears of refusals. */
async function dial(port: number, host = '::1'): Promise<Datagrams> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.connect(port, host);
  open.push(socket);
  await once(socket, 'connect');
  return socket;
}

async function ask(socket: Datagrams, question: string): Promise<string> {
  const answer = once(socket, 'message');
  socket.send(question);
  return (await answer)[0].toString();
}

function call(port: number, host = '::1'): Socket {
  const socket = connect({ port, host, allowHalfOpen: true });
  open.push({ close: () => socket.destroy() });
  return socket;
}

/** The code of the error that a connection ends with, however far it came; `end`: it ended properly. */
function refusal(port: number, host = '::1'): Promise<string> {
  const socket = call(port, host).resume();
  return new Promise((done) => {
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    socket.once('end', () => done('end'));
  });
}

/** All that arrives; unlike the consumers of node:stream, it leaves the other direction as it is. */
async function all(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const text = async (socket: Socket): Promise<string> => (await all(socket)).toString();

const digest = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

const echo = (socket: Socket): void => {
  socket.on('error', () => undefined);
  socket.pipe(socket);
};

describe('a held port', () => {
  it.each(['tcp', 'udp'])(
    'is refused to everybody else, whatever options they use (%s)',
    async (protocol) => {
      const port = await freePort();
      const holder = await hold([[protocol, '0.0.0.0', port]]);
      for (const host of ['0.0.0.0', '127.0.0.1']) {
        if (protocol === 'tcp') {
          await expect(serve(echo, host, port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
        } else {
          const socket = createSocket({ type: 'udp4' });
          socket.bind(port, host);
          await expect(once(socket, 'listening')).rejects.toMatchObject({ code: 'EADDRINUSE' });
          socket.close();
        }
      }
      await expect(hold([[protocol, '0.0.0.0', port]])).rejects.toThrow(
        `port 98 ${protocol} 0.0.0.0 ${port}`,
      );
      await holder.release();
      await hold([[protocol, '0.0.0.0', port]]);
    },
  );

  it('is refused as well when it is relayed', async () => {
    const port = await freePort();
    await hold([['tcp', '::', port, '127.0.0.1', 1]]);
    await expect(serve(echo, '::1', port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await expect(hold([['tcp', '::1', port]])).rejects.toThrow(`port 98 tcp ::1 ${port}`);
    await serve(echo, '0.0.0.0', port);
  });

  it('cannot be had while somebody else listens, and nothing is held then', async () => {
    const [first, port] = [await freePort(), await serve(echo)];
    await expect(
      hold([
        ['tcp', '127.0.0.1', first],
        ['tcp', '0.0.0.0', port],
      ]),
    ).rejects.toThrow(`port 98 tcp 0.0.0.0 ${port}`);
    await serve(echo, '127.0.0.1', first);
  });

  it('refuses at once what nobody relays', async () => {
    const port = await freePort();
    await hold([
      ['tcp', '0.0.0.0', port],
      ['tcp', '::', port],
      ['udp', '0.0.0.0', port],
      ['udp', '::', port],
    ]);
    for (const host of ['127.0.0.1', '::1']) {
      expect(await refusal(port, host)).toBe('ECONNREFUSED');
      const socket = await dial(port, host);
      socket.send('?');
      const [error] = await once(socket, 'error');
      expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    }
  });

  it.each([
    ['whoever had it before', false],
    ['a forwarder', true],
  ])('can be had although %s left connections that time out', async (_, relayed) => {
    const target = await serve((socket) => socket.end('bye'));
    const port = await freePort();
    const former = await hold([['tcp', '::1', port, '127.0.0.1', target]]);
    // The server ends first: the port of the host is left in TIME_WAIT.
    for (let i = 0; i < 3; i++) {
      const socket = call(port);
      expect(await text(socket)).toBe('bye');
      socket.end();
      await once(socket, 'close');
    }
    await former.release();
    await hold([relayed ? ['tcp', '::', port, '127.0.0.1', target] : ['tcp', '::', port]]);
  });

  it('says what is wrong with an address, a file and its records', async () => {
    expect(await failure(encodePorts([['tcp', '192.0.2.1', 80]]))).toBe('port 99 tcp 192.0.2.1 80');
    for (const wrong of [
      '',
      'skiff-ports\x001\0',
      'skiff-plan\x001\x001\0',
      encodePorts([['tcp', '::', 80]]).slice(0, -1),
      encodePorts([['tcp', '::', 80]]).slice(0, -2),
      encodePorts([['tcp', '::', 0]]),
      encodePorts([['tcp', '::', 65536]]),
      encodePorts([['tcp', 'localhost', 80]]),
      encodePorts([['icmp', '::', 80]]),
      encodePorts([['tcp', '::', 80, '127.0.0.1']]),
      encodePorts([['sctp', '::', 80, '127.0.0.1', 80]]),
    ])
      expect(await failure(wrong)).toMatch(/^plan 22 DIR\/ports-\d+$/);
  });

  it('is passed over when the kernel does not speak its protocol', async () => {
    await hold([['sctp', '0.0.0.0', await freePort()]]);
  });

  it('takes no descriptor below the limit where there are many', async () => {
    const first = 30_100; // nobody else's, and none that the kernel gives away
    const records = Array.from({ length: 200 }, (_, i) => ['udp', '::1', first + i] as const);
    const { pid } = await hold(records, { descriptors: 100 });
    const numbers = readdirSync(`/proc/${pid}/fd`).map(Number);
    expect(numbers.filter((number) => number >= 100).length).toBeGreaterThanOrEqual(200);
    expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/^Max open files +100 /m);
  });
});

describe('the forwarder', () => {
  it('is started by the first connection, without rights', async () => {
    const [target, port] = [await serve(echo), await freePort()];
    const holder = await hold([['tcp', '::1', port, '127.0.0.1', target]]);
    expect(holder.forwarder()).toBeNaN();
    const socket = call(port);
    socket.end('ahoy');
    expect(await text(socket)).toBe('ahoy');
    const status = readFileSync(`/proc/${holder.forwarder()}/status`, 'utf8');
    for (const line of [
      'Name:\tskiff-forwarder',
      'Uid:\t1957000054\t1957000054\t1957000054\t1957000054',
      'Gid:\t1957000054\t1957000054\t1957000054\t1957000054',
      'Groups:\t ',
      ...['Prm', 'Eff', 'Inh', 'Bnd', 'Amb'].map((set) => `Cap${set}:\t0000000000000000`),
      'NoNewPrivs:\t1',
      'Seccomp:\t2',
    ])
      expect(status).toContain(`${line}\n`);
    expect(readdirSync(`/proc/${holder.forwarder()}/root/`)).not.toContain('etc');
  });

  it('passes on that one side has no more to say, and waits for the other', async () => {
    const data = randomBytes(300_000);
    const target = await serve(async (socket) => socket.end(digest(await all(socket))));
    const port = await freePort();
    await hold([['tcp', '::1', port, '127.0.0.1', target]]);
    const socket = call(port);
    socket.end(data);
    expect(await text(socket)).toBe(digest(data));
    const other = await serve((accepted) => {
      accepted.end('first');
      accepted.resume();
    });
    const second = await freePort();
    await hold([['tcp', '::1', second, '127.0.0.1', other]]);
    const early = call(second);
    expect(await text(early)).toBe('first');
    early.end('still heard');
    await once(early, 'close');
  });

  it('moves much both ways at once, although the readers are slow', async () => {
    const data = randomBytes(24 << 20);
    const port = await freePort();
    const heard: Promise<string>[] = [];
    const slowly = async (socket: Socket): Promise<string> => {
      const hash = createHash('sha256');
      let paused = 0;
      for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
        hash.update(chunk);
        if (paused++ % 50 === 0) await new Promise((again) => setTimeout(again, 5));
      }
      return hash.digest('hex');
    };
    const target = await serve((socket) => {
      heard.push(slowly(socket));
      socket.end(data);
    });
    await hold([['tcp', '::1', port, '127.0.0.1', target]]);
    const sockets = [call(port), call(port), call(port)];
    for (const socket of sockets) socket.end(data);
    const answers = await Promise.all(sockets.map(slowly));
    expect([...answers, ...(await Promise.all(heard))]).toEqual(Array(6).fill(digest(data)));
  }, 60_000);

  it('serves many more connections than it takes at once', async () => {
    const [target, port] = [await serve(echo), await freePort()];
    const holder = await hold([['tcp', '::1', port, '127.0.0.1', target]]);
    const sockets = Array.from({ length: 1100 }, () => call(port));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    for (const [i, socket] of sockets.entries()) socket.write(`${i}.`);
    let answered = 0;
    const answers = sockets.map(async (socket) => {
      const [answer] = await once(socket, 'data');
      // Those that were served make room for the others.
      if (++answered >= 1000) for (const each of sockets) if (each.bytesRead > 0) each.end();
      return answer.toString();
    });
    expect(await Promise.all(answers)).toEqual(sockets.map((_, i) => `${i}.`));
    for (const socket of sockets) if (!socket.destroyed) socket.end().resume();
    expect(existsSync(`/proc/${holder.forwarder()}/exe`)).toBe(true);
  }, 60_000);

  it('resets a connection that the container refuses or breaks', async () => {
    const [closed, refused, broken] = [await freePort(), await freePort(), await freePort()];
    const target = await serve((socket) => socket.write('half', () => socket.resetAndDestroy()));
    await hold([
      ['tcp', '::1', refused, '127.0.0.1', closed],
      ['tcp', '::1', broken, '127.0.0.1', target],
    ]);
    expect(await refusal(refused)).toBe('ECONNRESET');
    expect(await refusal(broken)).toBe('ECONNRESET');
  });

  it('breaks the connection to the container when the client breaks its own', async () => {
    const port = await freePort();
    const outcome = new Promise((done) => {
      const target = serve((socket) => {
        socket.on('error', (error: NodeJS.ErrnoException) => done(error.code));
        socket.on('end', () => done('end'));
        socket.once('data', () => client.resetAndDestroy()).write('go');
      });
      let client: Socket;
      target.then(async (number) => {
        await hold([['tcp', '::1', port, '127.0.0.1', number]]);
        client = call(port);
        client.once('data', () => client.write('now'));
      });
    });
    expect(await outcome).toBe('ECONNRESET');
  });

  it('relays datagrams, each client apart', async () => {
    const sources = new Set<number>();
    const target = await serveDatagrams((message, source) => {
      sources.add(source);
      return `${message} heard`;
    });
    const port = await freePort();
    await hold([['udp', '::', port, '127.0.0.1', target]]);
    const [one, two] = [await dial(port), await dial(port)];
    expect(await ask(one, 'one')).toBe('one heard');
    expect(await ask(two, 'two')).toBe('two heard');
    expect(await ask(one, 'again')).toBe('again heard');
    expect(await ask(one, 'x'.repeat(60_000))).toBe(`${'x'.repeat(60_000)} heard`);
    expect(sources.size).toBe(2);
  });

  it('answers from the address that was asked', async () => {
    const [target, port] = [await serveDatagrams(() => 'here'), await freePort()];
    await hold([['udp', '0.0.0.0', port, '127.0.0.1', target]]);
    // A connected socket hears of nobody else.
    expect(await ask(await dial(port, '127.0.0.77'), '?')).toBe('here');
    expect(await ask(await dial(port, '127.0.0.78'), '?')).toBe('here');
  });

  it('forgets the client that was silent for longest when there are too many', async () => {
    const [target, port] = [await serveDatagrams((_, source) => String(source)), await freePort()];
    await hold([['udp', '::1', port, '127.0.0.1', target]]);
    const clients: Datagrams[] = [];
    for (let i = 0; i < 256; i++) clients.push(await dial(port));
    const [first, second, ...others] = clients;
    if (first === undefined || second === undefined) throw new Error('no clients');
    const before = [await ask(first, '?'), await ask(second, '?')];
    for (const client of others) await ask(client, '?');
    expect(await ask(first, '?')).toBe(before[0]);
    await ask(await dial(port), '?');
    expect(await ask(first, '?')).toBe(before[0]);
    expect(await ask(second, '?')).not.toBe(before[1]);
  });

  it('goes on after datagrams that the container refused', async () => {
    const [closed, port] = [await freePort(), await freePort()];
    await hold([['udp', '::1', port, '127.0.0.1', closed]]);
    const client = await dial(port);
    const server = createSocket('udp4');
    client.send('lost');
    server.bind(closed, '127.0.0.1');
    open.push(server);
    server.on('message', (_, source) => server.send('found', source.port, '127.0.0.1'));
    await once(server, 'listening');
    expect(await ask(client, '?')).toBe('found');
  });

  it('ends when it was idle, and the next one finds what the file says then', async () => {
    const [target, other, port] = [await serve(echo), await serve((s) => s.end('other')), await freePort()];
    const holder = await hold([['tcp', '::1', port, '127.0.0.1', target]], { impatient: true });
    const socket = call(port);
    socket.end('first');
    expect(await text(socket)).toBe('first');
    const forwarder = holder.forwarder();
    expect([await holder.line(), await holder.line()]).toEqual(['event 0', 'event 1']);
    expect(existsSync(`/proc/${forwarder}`)).toBe(false);
    holder.rewrite([['tcp', '::1', port, '127.0.0.1', other]]);
    expect(await text(call(port))).toBe('other');
    expect(await holder.line()).toBe('event 0');
  });

  it('does not end while a connection is open', async () => {
    const [target, port] = [await serve(echo), await freePort()];
    const holder = await hold([['tcp', '::1', port, '127.0.0.1', target]], { impatient: true });
    const socket = call(port);
    socket.write('a');
    await once(socket, 'data');
    expect(await holder.line()).toBe('event 0');
    const line = holder.line();
    await new Promise((later) => setTimeout(later, 700));
    socket.end('b');
    expect(await text(socket)).toBe('b');
    expect(await line).toBe('event 1');
  });

  it('resets connections to what the file names no more', async () => {
    const [target, port] = [await serve(echo), await freePort()];
    const holder = await hold([['tcp', '::1', port, '127.0.0.1', target]], { impatient: true });
    holder.rewrite([['tcp', '::1', port]]);
    expect(await refusal(port)).toBe('ECONNRESET');
    expect([await holder.line(), await holder.line()]).toEqual(['event 0', 'event 1']);
  });

  it('refuses what waits when it cannot begin, and the holder goes on', async () => {
    const [target, port] = [await serve(echo), await freePort()];
    const holder = await hold([['tcp', '::1', port, '127.0.0.1', target]]);
    holder.remove();
    for (let i = 0; i < 2; i++) {
      expect(await refusal(port)).toBe('ECONNRESET');
      expect([await holder.line(), await holder.line()]).toEqual(['event 0', 'event 1']);
    }
    holder.rewrite([['tcp', '::1', port, '127.0.0.1', target]]);
    const socket = call(port);
    socket.end('back');
    expect(await text(socket)).toBe('back');
  });

  it.each(['released', 'killed'])('ends at once when the holder is %s', async (how) => {
    const [target, port] = [await serve(echo), await freePort()];
    const holder = await hold([['tcp', '::1', port, '127.0.0.1', target]]);
    const socket = call(port);
    socket.write('a');
    await once(socket, 'data');
    const forwarder = holder.forwarder();
    const closed = new Promise((done) => socket.on('error', () => undefined).once('close', done));
    const ended = new Promise((done) => holder.child.once('exit', done));
    if (how === 'released') await holder.release();
    else process.kill(holder.pid, 'SIGKILL');
    await gone(forwarder);
    socket.end();
    await closed;
    // The forwarder hears of the holder's end before the kernel has closed all that it had.
    if (how === 'killed') await ended;
    await serve(echo, '::1', port);
  });
});
