import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  requestLock,
  requestMonitorCgroups,
  requestSignal,
  requestStop,
  requestWait,
} from '../../../../src/runtime/monitor/client.ts';

let directory: string;
let path: string;
let server: Server | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'skiff-monitor-'));
  path = join(directory, 'ctl');
});

afterEach(async () => {
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
  rmSync(directory, { recursive: true });
});

/** A monitor that does one thing with each request; returns the requests. */
async function monitor(answer: (socket: Socket, request: string) => void): Promise<string[]> {
  const requests: string[] = [];
  server = createServer((socket) => {
    socket.setEncoding('utf8').on('data', (text: string) => {
      requests.push(text);
      answer(socket, text);
    });
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server?.listen(path, resolve));
  return requests;
}

describe("the monitor's socket", () => {
  it('has a lock, held until it is let go', async () => {
    const { promise: letGo, resolve } = Promise.withResolvers<void>();
    const requests = await monitor((socket) => {
      socket.on('end', () => resolve());
      socket.write('ok\n');
    });
    const release = await requestLock(path);
    expect(requests).toEqual(['lock\n']);
    expect(await Promise.race([letGo.then(() => 'let go'), requestWait(`${path}.none`)])).toBeUndefined();
    release?.();
    await letGo;
  });

  it('has a lock that keeps nobody out when it is of an older skiff, which knows of none', async () => {
    await monitor((socket, request) => socket.write(request === 'lock\n' ? 'error 22\n' : 'error 5\n'));
    const release = await requestLock(path);
    expect(release).toBeDefined();
    release?.();
  });

  it('has a lock with which a pause ends, of which a monitor of an older skiff knows nothing', async () => {
    const requests = await monitor((socket, request) =>
      socket.write(request === 'lock thaw\n' ? 'error 22\n' : 'ok\n'),
    );
    const release = await requestLock(path, { thaws: true });
    expect([requests, typeof release]).toEqual([['lock thaw\n', 'lock\n'], 'function']);
    release?.();
  });

  it('is told of more cgroups, of which a monitor of an older skiff knows nothing', async () => {
    const answers = ['ok\n', 'error 22\n', 'error 28\n'];
    const requests = await monitor((socket) => socket.write(answers.shift() ?? ''));
    expect(await requestMonitorCgroups(path)).toBe(true);
    expect(await requestMonitorCgroups(path)).toBe(false);
    await expect(requestMonitorCgroups(path)).rejects.toThrow(
      'the monitor of the container cannot be limited: ENOSPC',
    );
    expect(requests).toEqual(Array(3).fill('monitor-cgroups\n'));
    expect(await requestMonitorCgroups(`${path}.none`)).toBe(false);
  });

  it('has no lock when there is no monitor, or when it ends before the turn comes', async () => {
    expect(await requestLock(path)).toBeUndefined();
    await monitor((socket) => socket.destroy());
    expect(await requestLock(path)).toBeUndefined();
  });

  it('delivers a signal', async () => {
    const requests = await monitor((socket) => socket.write('ok\n'));
    expect(await requestSignal(path, 15)).toBe(true);
    expect(requests).toEqual(['signal 15\n']);
  });

  it('says that nobody was left to get a signal', async () => {
    await monitor((socket) => socket.write('error 3\n'));
    expect(await requestSignal(path, 15)).toBe(false);
    expect(await requestSignal(join(directory, 'none'), 15)).toBe(false);
  });

  it('names the error of a signal that the kernel refused', async () => {
    await monitor((socket) => socket.write('error 22\n'));
    await expect(requestSignal(path, 15)).rejects.toMatchObject({
      kind: 'internal',
      message: 'signal 15 could not be sent: EINVAL',
    });
  });

  it('stops with a signal and a patience, and gives the exit code', async () => {
    const requests = await monitor((socket) => socket.end('exit 143\n'));
    const answer = await requestStop(path, { signal: 15, timeoutMs: -1 });
    expect(answer).toEqual({ code: 143, escalated: false, ignored: false });
    expect(requests).toEqual(['stop 15 -1\n']);
  });

  it.each([
    ['escalated', { code: 137, escalated: true, ignored: false }],
    ['escalated ignored', { code: 137, escalated: true, ignored: true }],
  ])('tells of a stop that it was %s', async (words, expected) => {
    await monitor((socket) => socket.end(`exit 137 ${words}\n`));
    expect(await requestStop(path, { signal: 15, timeoutMs: 0 })).toEqual(expected);
  });

  it('takes an answer that arrives in pieces', async () => {
    await monitor((socket) => {
      socket.setNoDelay(true).write('exi', () => socket.write('t 7\n'));
    });
    expect(await requestWait(path)).toBe(7);
  });

  it('resolves to nothing when the monitor vanishes, or is not there at all', async () => {
    await monitor((socket) => socket.end());
    expect(await requestWait(path)).toBeUndefined();
    expect(await requestWait(join(directory, 'none'))).toBeUndefined();
  });

  it('gives up on an abort, before and while it waits', async () => {
    const abort = new AbortController();
    await monitor(() => abort.abort());
    await expect(requestWait(path, abort.signal)).rejects.toMatchObject({ kind: 'cancelled' });
    await expect(requestWait(path, abort.signal)).rejects.toMatchObject({ kind: 'cancelled' });
  });

  it('does not trust an answer that it does not know', async () => {
    await monitor((socket) => socket.write(`${'x'.repeat(1000)}`));
    await expect(requestWait(path)).rejects.toMatchObject({ kind: 'internal' });
  });
});
