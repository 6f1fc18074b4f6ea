import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CredentialFiles } from '../../../src/registry/credentials.ts';

let home: string;
let path: string | undefined;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'credentials-test-'));
  path = process.env.PATH;
});

afterEach(() => {
  process.env.PATH = path;
  rmSync(home, { recursive: true, force: true });
});

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}

function write(file: string, content: unknown): void {
  mkdirSync(join(home, file, '..'), { recursive: true });
  writeFileSync(join(home, file), typeof content === 'string' ? content : JSON.stringify(content));
}

function files(environment: Record<string, string> = {}): CredentialFiles {
  return new CredentialFiles({ HOME: home, ...environment });
}

/** Puts a credential helper on the PATH; the shell script gets the registry's key on its input. */
function install(name: string, script: string): void {
  const file = join(home, 'bin', `docker-credential-${name}`);
  mkdirSync(join(home, 'bin'), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  process.env.PATH = `${join(home, 'bin')}:${path}`;
}

describe('credentials in a file', () => {
  test.each([
    [
      'a name and password',
      'r.example',
      { auth: encode('ada:pass:word') },
      { username: 'ada', password: 'pass:word' },
    ],
    [
      'padding of old versions',
      'r.example',
      { auth: encode('ada:pw\0\0') },
      { username: 'ada', password: 'pw' },
    ],
    ['an identity token', 'r.example', { auth: encode('x:y'), identitytoken: 't' }, { identityToken: 't' }],
    [
      'separate members',
      'r.example',
      { username: 'ada', password: 'pw' },
      { username: 'ada', password: 'pw' },
    ],
  ])('may be %s', async (_what, domain, entry, expected) => {
    write('.docker/config.json', { auths: { [domain]: entry } });
    expect(await files().find(domain)).toEqual(expected);
    expect(await files().find('other.example')).toBeUndefined();
  });

  test.each(['https://index.docker.io/v1/', 'docker.io', 'index.docker.io'])(
    'of Docker Hub are found under %s',
    async (key) => {
      write('.docker/config.json', { auths: { [key]: { auth: encode('ada:pw') } } });
      expect(await files().find('docker.io')).toEqual({ username: 'ada', password: 'pw' });
    },
  );

  test.each(['https://r.example:5000', 'https://r.example:5000/v1/', 'r.example:5000'])(
    'are found under the old spelling %s',
    async (key) => {
      write('.docker/config.json', { auths: { [key]: { auth: encode('ada:pw') } } });
      expect(await files().find('r.example:5000')).toEqual({ username: 'ada', password: 'pw' });
      expect(await files().find('r.example')).toBeUndefined();
    },
  );

  test("are Podman's before Docker's, and only those of DOCKER_CONFIG when that is set", async () => {
    write('.docker/config.json', {
      auths: { a: { auth: encode('docker:1') }, b: { auth: encode('docker:2') } },
    });
    write('run/containers/auth.json', { auths: { a: { auth: encode('podman:1') } } });
    write('own/config.json', { auths: { a: { auth: encode('own:1') } } });
    const both = files({ XDG_RUNTIME_DIR: join(home, 'run') });
    expect(await both.find('a')).toEqual({ username: 'podman', password: '1' });
    expect(await both.find('b')).toEqual({ username: 'docker', password: '2' });
    const own = files({ XDG_RUNTIME_DIR: join(home, 'run'), DOCKER_CONFIG: join(home, 'own') });
    expect(await own.find('a')).toEqual({ username: 'own', password: '1' });
    expect(await own.find('b')).toBeUndefined();
  });

  test('are none when there is no file, or none for the registry', async () => {
    expect(await files().find('r.example')).toBeUndefined();
    write('.docker/config.json', { auths: { 'r.example': {} } });
    expect(await files().find('r.example')).toBeUndefined();
  });

  test.each([
    ['is not JSON', '{"auths": {"r.example": {"auth": "c2VjcmV0"'],
    ['is a list', '[]'],
    ['has an entry that cannot be decoded', { auths: { 'r.example': { auth: encode('secret') } } }],
    ['has an entry of null', { auths: { 'r.example': null } }],
  ])('that %s are refused without being quoted', async (_what, content) => {
    write('.docker/config.json', content);
    const error = await files()
      .find('r.example')
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'invalid', message: expect.stringContaining('.docker/config.json') });
    expect(JSON.stringify([error, (error as Error).message, (error as Error).cause])).not.toMatch(
      /secret|c2VjcmV0/,
    );
  });
});

describe('a credential helper', () => {
  test('is asked for the registry it is named for, by the key that Docker uses', async () => {
    install('one', 'read key; printf \'{"Username":"ada","Secret":"%s"}\' "$key"');
    write('.docker/config.json', {
      credHelpers: { 'r.example': 'one', 'https://index.docker.io/v1/': 'one' },
    });
    expect(await files().find('r.example')).toEqual({ username: 'ada', password: 'r.example' });
    expect(await files().find('docker.io')).toEqual({
      username: 'ada',
      password: 'https://index.docker.io/v1/',
    });
    expect(await files().find('other.example')).toBeUndefined();
  });

  test('for all registries may give an identity token', async () => {
    install('all', 'echo \'{"Username":"<token>","Secret":"t"}\'');
    write('.docker/config.json', { credsStore: 'all' });
    expect(await files().find('r.example')).toEqual({ identityToken: 't' });
  });

  test('that knows nothing leaves the word to the file', async () => {
    install('none', 'echo "credentials not found in native keychain"; exit 1');
    write('.docker/config.json', { credsStore: 'none', auths: { 'r.example': { auth: encode('ada:pw') } } });
    expect(await files().find('r.example')).toEqual({ username: 'ada', password: 'pw' });
    expect(await files().find('other.example')).toBeUndefined();
  });

  test.each([
    ['fails', 'broken', 'exit 3', 'unavailable', 'docker-credential-broken failed with exit code 3'],
    [
      'talks nonsense',
      'odd',
      'echo secret',
      'invalid',
      'docker-credential-odd gave an answer that is not a credential',
    ],
    ['is not installed', 'absent', undefined, 'unavailable', 'cannot run docker-credential-absent'],
    ['has a path for a name', '../evil', undefined, 'invalid', '"../evil" cannot name a credential helper'],
  ])('that %s is an error', async (_what, name, script, kind, message) => {
    if (script !== undefined) install(name, script);
    write('.docker/config.json', { credsStore: name });
    await expect(files().find('r.example')).rejects.toMatchObject({ kind, message });
  });
});
