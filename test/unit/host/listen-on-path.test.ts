import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Alone, listenOnPath } from '../../../src/host/listen-on-path.ts';

let directory: string;
let path: string;
let servers: Server[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'skiff-listen-'));
  path = join(directory, 'docker.sock');
  servers = [];
});
afterEach(() => {
  for (const server of servers) server.close();
  rmSync(directory, { recursive: true });
});

/** One after the other, as processes do with a lock. */
function queue(): Alone {
  let last: Promise<unknown> = Promise.resolve();
  return (_file, use) => {
    const next = last.then(use);
    last = next.catch(() => {});
    return next;
  };
}

function listen(at = path, alone: Alone = (_file, use) => use()) {
  const server = createServer();
  servers.push(server);
  return listenOnPath(server, at, alone);
}

/** What a killed process leaves: it has listened there. */
function leaveStale(): void {
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  expect(statSync(path).isSocket()).toBe(true);
}

function answers(at = path): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(at, () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => resolve(false));
  });
}

describe('a socket that is listened on', () => {
  it('is for its owner and group alone, in a directory that is made, and leaves nothing there', async () => {
    const at = join(directory, 'made', 'for', 'docker.sock');
    const before = process.umask(0o077);
    const { name, stop } = await listen(at);
    process.umask(before);
    const mode = (file: string) => statSync(file).mode & 0o777;
    expect([name, mode(at), mode(join(directory, 'made'))]).toEqual([`unix://${at}`, 0o660, 0o711]);
    expect(readdirSync(join(directory, 'made', 'for'))).toEqual(['docker.sock']);
    expect(await answers(at)).toBe(true);
    stop();
    expect(readdirSync(join(directory, 'made', 'for'))).toEqual([]);
  });

  it('takes the place of one that a killed process has left, which one alone of several gets', async () => {
    leaveStale();
    const alone = queue();
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => listen(path, alone)));
    const refused = results
      .filter(({ status }) => status === 'rejected')
      .map((one) => (one as PromiseRejectedResult).reason);
    expect(refused).toHaveLength(5);
    for (const reason of refused)
      expect(reason).toMatchObject({
        kind: 'conflict',
        message: `another process listens on ${path} already`,
      });
    expect(await answers()).toBe(true);
    expect(readdirSync(directory)).toEqual(['docker.sock']);
  });

  it('is not that of another, who keeps it', async () => {
    const { stop } = await listen();
    await expect(listen()).rejects.toMatchObject({ kind: 'conflict' });
    expect(await answers()).toBe(true);
    rmSync(path);
    const second = await listen();
    stop();
    expect(await answers()).toBe(true);
    second.stop();
    expect(readdirSync(directory)).toEqual([]);
  });

  it.each<[string, () => void]>([
    ['a file', () => writeFileSync(path, 'of somebody')],
    ['a directory', () => mkdirSync(path)],
    ['a link to a socket', () => symlinkSync('other.sock', path)],
  ])('is never made in the place of %s', async (_what, make) => {
    make();
    const before = statSync(directory).mtimeMs;
    await expect(listen()).rejects.toMatchObject({
      kind: 'conflict',
      message: `${path} is there already, and is no socket`,
    });
    expect(statSync(directory).mtimeMs).toBe(before);
  });

  it('has a directory above it', async () => {
    writeFileSync(path, 'of somebody');
    await expect(listen(join(path, 'docker.sock'))).rejects.toMatchObject({ kind: 'unavailable' });
    expect(readFileSync(path, 'utf8')).toBe('of somebody');
  });

  it('may have a name as long as the kernel takes it', async () => {
    const at = join(directory, 'a'.repeat(107 - directory.length - 1));
    await listen(at);
    expect(await answers(at)).toBe(true);
  });
});
