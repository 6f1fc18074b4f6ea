import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { builtProgram } from '../helpers/built-program.ts';
import { useBusybox } from '../helpers/busybox.ts';
import { readAll, useService } from '../helpers/service.ts';
import { isRunning, printed, useStore } from '../helpers/skiff.ts';
import { until } from '../helpers/until.ts';

const store = useStore();
const busybox = useBusybox(store);
const service = useService(store);

/** Asks the service at another socket; returns the status. */
function ask(socketPath: string, method = 'GET', path = '/_ping'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ socketPath, method, path, agent: false });
    asked.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
    asked.end();
  });
}

/** Makes a container that runs, once it is started, until it is removed. */
async function made(): Promise<string> {
  const body = {
    Image: busybox,
    Cmd: ['sleep', '1000'],
    HostConfig: { NetworkMode: 'none' },
    StopTimeout: 0,
  };
  return (await service.ok('POST', '/containers/create', { body })).Id;
}

async function pidOf(id: string): Promise<number> {
  return (await service.ok('GET', `/containers/${id}/json`)).State.Pid;
}

describe('a service that is started when somebody connects', () => {
  it('answers who has connected, ends when nobody asks, and leaves the socket to whoever listens there', async () => {
    const path = join(store.root, 'activated.sock');
    const activator = store.start(['system', 'service', '-H', 'fd://api', '--idle-timeout', '300ms'], {
      through: [builtProgram('activate'), path, '-'],
    });
    const stdout = activator.stdout as Readable;
    await printed({ stdout }, 'listening');
    const id = await made();
    for (const status of [204, 304]) {
      const ended = printed({ stdout }, 'ended 0\n');
      expect(await ask(path, 'POST', `/containers/${id}/start`)).toBe(status);
      await ended;
      expect(existsSync(path)).toBe(true);
    }
    const monitor = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${await pidOf(id)}/status`, 'utf8'))?.[1];
    expect(readFileSync(`/proc/${monitor}/environ`, 'utf8')).not.toContain('LISTEN_');
    activator.kill();
    await activator;
    await service.ok('DELETE', `/containers/${id}?force=1`);
  });

  it('says what is no socket that it could listen on', async () => {
    const script = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3</dev/null';
    const { code, stderr } = await store.skiff(['system', 'service'], {
      through: ['sh', '-c', script, 'sh'],
    });
    expect(code).toBe(125);
    expect(stderr).toContain('fd://3: it is no Unix socket that listens, but /dev/null');
  });
});

describe('a service', () => {
  it('is one of several who start at the same moment where a killed one has listened', async () => {
    const directory = join(store.root, 'sockets');
    const socket = join(directory, 'docker.sock');
    const start = () => store.start(['system', 'service', '-H', `unix://${socket}`]);
    const killed = start();
    await printed({ stdout: killed.stderr }, socket);
    killed.kill('SIGKILL');
    await killed;
    const others = [start(), start(), start()];
    const codes: (number | undefined)[] = [];
    const said: string[] = [];
    const ended = others.map(async (one) => {
      const { exitCode, stderr } = await one;
      codes.push(exitCode);
      said.push(String(stderr));
      // The last one is the one that listens.
      if (codes.length === others.length - 1) for (const each of others) each.kill('SIGTERM');
    });
    await Promise.all(ended);
    expect(codes).toEqual([125, 125, 0]);
    for (const text of said.slice(0, 2))
      expect(text).toContain(`another process listens on ${socket} already`);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('keeps nothing of clients that go without a word, and what they have started goes on', async () => {
    const id = await made();
    await service.ok('POST', `/containers/${id}/start`);
    const held = () => readdirSync(`/proc/${service.pid()}/fd`).length;
    const before = held();
    const execs: string[] = [];
    for (let index = 0; index < 3; index++) {
      const body = { Cmd: ['sleep', '1000'], AttachStdout: true, Tty: true };
      execs.push((await service.ok('POST', `/containers/${id}/exec`, { body })).Id);
    }
    const executing = execs.map((exec) => service.hijack(`/exec/${exec}/start`, { body: { Tty: true } }));
    const clients = [
      ...(await Promise.all(executing)),
      await service.hijack(`/containers/${id}/attach?stream=1&stdout=1`),
      await service.open('GET', `/containers/${id}/logs?stdout=1&follow=1`),
      await service.open('GET', '/events'),
      await service.open('GET', `/containers/${id}/export`),
    ];
    for (const client of clients) client.destroy();
    await until(() => held() <= before);
    for (const exec of execs)
      expect(await service.ok('GET', `/exec/${exec}/json`)).toMatchObject({ Running: true });
    await service.ok('DELETE', `/containers/${id}?force=1`);
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)(
    'that gets %s ends well, with the streams of its clients, and takes its socket with it; containers go on',
    async (signal) => {
      const id = await made();
      await service.ok('POST', `/containers/${id}/start`);
      const socket = join(store.root, 'other.sock');
      const other = store.start(['system', 'service', '-H', `unix://${socket}`]);
      const waiting = printed({ stdout: other.stderr }, socket).then(() =>
        ask(socket, 'POST', `/containers/${id}/wait`),
      );
      // The head comes at once, the body with the end.
      expect(await waiting).toBe(200);
      expect(statSync(socket).mode & 0o777).toBe(0o660);
      other.kill(signal);
      const { exitCode, stderr } = await other;
      expect([exitCode, String(stderr)]).toEqual([0, `skiff: answering Docker's API on unix://${socket}\n`]);
      expect(existsSync(socket)).toBe(false);
      expect(isRunning(await pidOf(id))).toBe(true);
      await service.ok('DELETE', `/containers/${id}?force=1`);
    },
  );

  it('answers what it is at when it is told to end, and cuts what has only begun to be asked', async () => {
    const id = await made();
    await service.ok('POST', `/containers/${id}/start`);
    const socket = join(store.root, 'ending.sock');
    const other = store.start(['system', 'service', '-H', `unix://${socket}`]);
    await printed({ stdout: other.stderr }, socket);
    const half = connect(socket);
    half.write('POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 10\r\n\r\n{');
    const answered = readAll(half).catch(() => '');
    const events = await service.open('GET', '/events?filters={"event":["kill"]}');
    const stopped = ask(socket, 'POST', `/containers/${id}/stop?t=1`);
    for await (const _ of events) break;
    other.kill('SIGTERM');
    expect(await stopped).toBe(204);
    expect(String(await answered)).toBe('');
    expect((await other).exitCode).toBe(0);
    await service.ok('DELETE', `/containers/${id}`);
  });
});
