import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { connectionsMax, httpServer } from '../../../src/host/http-server.ts';

const directory = mkdtempSync(join(tmpdir(), 'skiff-http-'));
afterAll(() => rmSync(directory, { recursive: true }));

const PING = 'GET / HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n';

/** What a connection is answered until it is closed. */
async function answer(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe('a server', () => {
  it('turns away who comes when there are as many as it takes, and takes others when some have gone', async () => {
    const path = join(directory, 'a.sock');
    const handlers = {
      request: (_: unknown, response: ServerResponse) => void response.end('here'),
      upgrade: () => {},
    };
    const { listener, cut } = httpServer(handlers, { most: 2 });
    listener.listen(path);
    await once(listener, 'listening');
    const accepted: Promise<unknown>[] = [];
    const waiting = [0, 1].map(() => {
      accepted.push(once(listener, 'connection'));
      return connect(path);
    });
    await Promise.all(waiting.map((socket) => once(socket, 'connect')));
    await Promise.all(accepted);
    expect(await answer(connect(path))).toMatch(/^HTTP\/1\.1 503 .*too many clients are connected/s);
    for (const socket of waiting) socket.write(PING);
    for (const socket of waiting) expect(await answer(socket)).toMatch(/^HTTP\/1\.1 200 .*here$/s);
    const last = connect(path);
    last.write(PING);
    expect(await answer(last)).toMatch(/^HTTP\/1\.1 200 /);
    cut();
    await new Promise((resolve) => listener.close(resolve));
  });

  it('takes fewer than this process has descriptors', () => {
    expect(connectionsMax()).toBeGreaterThan(10);
    expect(connectionsMax()).toBeLessThan(2 ** 31);
  });
});
