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
let origin: string;
let url: string;
/** The same server by another name. */
let elsewhere: string;
/** What it was shown. */
const seen: (string | undefined)[] = [];

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
  server = createServer(({ url: path = '', headers }, response) => {
    seen.push(headers.authorization);
    const [, wanted, moved] = /^\/(?:only-(.*?)|(moved))\//.exec(path) ?? [];
    if (wanted !== undefined && headers.authorization !== Buffer.from(wanted, 'base64url').toString())
      return void response.writeHead(401, { 'www-authenticate': 'Basic realm="a"' }).end();
    if (moved !== undefined)
      return void response.writeHead(301, { location: path.replace('/moved', elsewhere) }).end();
    try {
      response.end(readFileSync(join(directory, path.replace(/^\/only-[^/]*/, '').split('?')[0] ?? '')));
    } catch {
      response.writeHead(404).end();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  elsewhere = origin.replace('127.0.0.1', 'localhost');
  url = `${origin}/repo.git`;
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

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('a repository that is shown a secret', () => {
  /** Of a server that wants just this. */
  const wanting = (value: string) => `${origin}/only-${Buffer.from(value).toString('base64url')}/repo.git`;
  const secretsOf = (values: Record<string, string>) =>
    new Map(
      Object.entries(values).map(([id, value]) => [
        id.replace('HOST', origin.replace('http://', '')),
        { value },
      ]),
    );

  async function fetched(address: string, values: Record<string, string>): Promise<string> {
    const to = mkdtempSync(join(directory, 'out-'));
    const secrets = secretsOf(values);
    await checkOut(
      { url: address, ref: undefined, directory: '' },
      { directory: to, keys: { agent: undefined }, secrets },
    );
    expect(readFileSync(join(to, '.git', 'config'), 'utf8')).not.toContain('[http');
    return readFileSync(join(to, 'file'), 'utf8');
  }

  it.each([
    ['a token', basic('x-access-token:a secret'), { GIT_AUTH_TOKEN: 'a secret\n' }],
    ['a whole header', 'Bearer of a secret', { GIT_AUTH_HEADER: 'Bearer of a secret', GIT_AUTH_TOKEN: 'b' }],
    [
      'a token as a scheme wants it',
      'Bearer a secret',
      { GIT_AUTH_HEADER: 'bearer', GIT_AUTH_TOKEN: 'a secret' },
    ],
    [
      'a user and a password',
      basic('me:a secret'),
      { GIT_AUTH_HEADER: 'basic', GIT_AUTH_TOKEN: 'me:a secret' },
    ],
    [
      'the one for its host',
      basic('x-access-token:a secret'),
      { 'GIT_AUTH_TOKEN.HOST': 'a secret', 'GIT_AUTH_TOKEN.git.example': 'b', GIT_AUTH_HEADER: 'c' },
    ],
  ])('gets %s', async (_, wanted, values) => {
    expect(await fetched(wanting(wanted), values)).toBe('of the repository\n');
  });

  it('gets the password of its address rather than a token', async () => {
    const address = wanting(basic('me:a secret')).replace('://', '://me:a%20secret@');
    expect(await fetched(address, { GIT_AUTH_TOKEN: 'b' })).toBe('of the repository\n');
  });

  it('gets none that is for another host, and the error says what was missing', async () => {
    const done = fetched(wanting('a secret'), { 'GIT_AUTH_TOKEN.git.example': 'a secret' });
    await expect(done).rejects.toMatchObject({ hint: expect.stringContaining('--secret id=GIT_AUTH_TOKEN') });
    expect(seen.at(-1)).toBeUndefined();
  });

  it.each([
    ['a token', '', { GIT_AUTH_TOKEN: 'a secret' }],
    ['a password', 'me:a%20secret@', {}],
  ])('leads nobody else to %s', async (_, user, values) => {
    const address = `${origin}/moved/repo.git`;
    expect(await fetched(address, {})).toBe('of the repository\n');
    const before = seen.length;
    await expect(fetched(address.replace('://', `://${user}`), values)).rejects.toMatchObject({
      hint: expect.stringContaining('leads to another address'),
    });
    // Twice at its own address, of which the second time was for all of its history.
    expect(seen.slice(before)).toEqual([expect.stringContaining('Basic'), expect.stringContaining('Basic')]);
  });

  it.each(['', 'two\nlines', 'a\u0000b'])('refuses a secret that no header can have: %j', async (value) => {
    await expect(fetched(url, { GIT_AUTH_TOKEN: value })).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/^secret GIT_AUTH_TOKEN (?:is empty|has more)/),
    });
  });
});
