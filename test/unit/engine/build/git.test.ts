import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkOut } from '../../../../src/engine/build/git.ts';

const directory = mkdtempSync(join(tmpdir(), 'skiff-git-'));
let server: Server;
let url: string;

/** A server of the files of a repository, which knows nothing of git. */
beforeAll(async () => {
  const work = join(directory, 'work');
  const git = (...words: string[]) =>
    execFileSync('git', ['-C', work, '-c', 'user.name=a', '-c', 'user.email=a@b.c', ...words], {
      stdio: 'pipe',
    });
  mkdirSync(work);
  git('init', '--quiet', '--template=');
  writeFileSync(join(work, 'file'), 'of the repository\n');
  git('add', '.');
  git('commit', '--quiet', '--message', 'first');
  git('branch', 'other');
  git('clone', '--quiet', '--bare', '--template=', work, join(directory, 'repo.git'));
  execFileSync('git', ['-C', join(directory, 'repo.git'), 'update-server-info']);
  server = createServer(({ url: path = '' }, response) => {
    try {
      response.end(readFileSync(join(directory, path.split('?')[0] ?? '')));
    } catch {
      response.writeHead(404).end();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/repo.git`;
});
afterAll(() => {
  server.close();
  rmSync(directory, { recursive: true, force: true });
});

function checkedOut(ref: string | undefined) {
  const to = mkdtempSync(join(directory, 'out-'));
  return { to, done: checkOut({ url, ref, directory: '' }, { directory: to, keys: { agent: undefined } }) };
}

describe('a repository of a server that hands out its files alone', () => {
  it.each([undefined, 'other'])('is checked out whole, at %s', async (ref) => {
    const { to, done } = checkedOut(ref);
    expect(await done).toMatch(/^[0-9a-f]{40}$/);
    expect(readFileSync(join(to, 'file'), 'utf8')).toBe('of the repository\n');
  });

  it('has no branch that is not there', async () => {
    await expect(checkedOut('absent').done).rejects.toThrow("couldn't find remote ref absent");
  });
});
