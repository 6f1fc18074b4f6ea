import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EngineError } from '../../../src/errors.ts';
import type { Credential } from '../../../src/registry/credential.ts';
import { credentialPaths } from '../../../src/registry/credential-files.ts';
import { CredentialFiles, chooseKey } from '../../../src/registry/credentials.ts';

let home: string;
let problems: EngineError[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'credentials-test-'));
  problems = [];
});

afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}

function write(file: string, content: unknown): void {
  mkdirSync(join(home, file, '..'), { recursive: true });
  writeFileSync(join(home, file), typeof content === 'string' ? content : JSON.stringify(content));
}

/** Looks for the credentials of `domain/path`, on a machine where only these files and helpers are. */
function files(environment: Record<string, string> = {}) {
  const source = new CredentialFiles({
    environment: { HOME: home, PATH: `${join(home, 'bin')}:${process.env.PATH}`, ...environment },
    warn: (problem) => void problems.push(problem),
    uid: 4_000_000,
  });
  return {
    find: (domain: string, path = 'app'): Promise<Credential | undefined> => source.find({ domain, path }),
  };
}

/** Puts a credential helper on the PATH; the shell script gets the registry's key on its input. */
function install(name: string, script: string): void {
  const file = join(home, 'bin', `docker-credential-${name}`);
  mkdirSync(join(home, 'bin'), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
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

  test("are Podman's before Docker's, and those that the environment points at before all", async () => {
    const entry = (name: string) => ({ auth: encode(`${name}:pw`) });
    const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
    const auths = (name: string, count: number) =>
      Object.fromEntries(keys.slice(0, count).map((key) => [key, entry(name)]));
    write('.dockercfg', auths('old', 6));
    write('.docker/config.json', { auths: auths('docker', 5) });
    write('.config/containers/auth.json', { auths: auths('own', 4) });
    write('run/containers/auth.json', { auths: auths('boot', 3) });
    write('given/config.json', { auths: auths('given', 2) });
    write('named.json', { auths: auths('named', 1) });
    const who = async (environment: Record<string, string>) => {
      const source = files({ XDG_RUNTIME_DIR: join(home, 'run'), ...environment });
      const found = await Promise.all(keys.map((key) => source.find(key)));
      return found.map((credential) => credential && 'username' in credential && credential.username);
    };
    expect(await who({})).toEqual(['boot', 'boot', 'boot', 'own', 'docker', 'old']);
    const DOCKER_CONFIG = join(home, 'given');
    expect(await who({ DOCKER_CONFIG })).toEqual(['given', 'given', 'own', 'own', 'old', 'old']);
    const REGISTRY_AUTH_FILE = join(home, 'named.json');
    expect(await who({ REGISTRY_AUTH_FILE, DOCKER_CONFIG })).toEqual([
      'named',
      'own',
      'own',
      'own',
      'old',
      'old',
    ]);
    expect(problems).toEqual([]);
  });

  test("are looked for in /run/containers when no directory is the session's, and in XDG_CONFIG_HOME", () => {
    expect(credentialPaths({ HOME: '/home/ada', XDG_CONFIG_HOME: '/etc/ada' }, 0)).toEqual([
      '/run/containers/0/auth.json',
      '/etc/ada/containers/auth.json',
      '/home/ada/.docker/config.json',
      '/home/ada/.dockercfg',
    ]);
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
  ])('in a file that %s are passed over with a warning that quotes nothing', async (_what, content) => {
    write('.config/containers/auth.json', content);
    write('.docker/config.json', { auths: { 'r.example': { auth: encode('ada:pw') } } });
    expect(await files().find('r.example')).toEqual({ username: 'ada', password: 'pw' });
    expect(problems).toEqual([
      expect.objectContaining({
        kind: 'invalid',
        message: expect.stringContaining('.config/containers/auth.json'),
      }),
    ]);
    expect(JSON.stringify([problems, problems[0]?.message, problems[0]?.cause])).not.toMatch(
      /secret|c2VjcmV0/,
    );
  });

  test('are told to be broken once, however often they are asked for', async () => {
    write('.docker/config.json', 'x');
    const source = files();
    await Promise.all([source.find('r.example', 'a'), source.find('r.example', 'b')]);
    await source.find('other.example');
    expect(problems).toHaveLength(1);
  });
});

describe('the entry for a repository', () => {
  test.each([
    ['team/app', ['r.example/team', 'r.example/other'], 'r.example/team'],
    ['team/app', ['r.example', 'r.example/team', 'r.example/team/app'], 'r.example/team/app'],
    ['team/app', ['r.example/team/application', 'r.example/tea', 'r.example'], 'r.example'],
    ['app', ['r.example/team'], undefined],
    ['app', ['https://r.example/team/'], 'https://r.example/team/'],
    ['v1/app', ['https://r.example/v1/', 'r.example/v1'], 'r.example/v1'],
    ['team/app', ['r.example:5000/team', 'r.example:5000'], undefined],
  ])('%s among %j is %j', (path, names, expected) => {
    expect(chooseKey(names, { domain: 'r.example', path })).toBe(expected);
  });

  test.each([
    ['library/busybox', ['https://index.docker.io/v1/', 'docker.io/library'], 'docker.io/library'],
    ['library/busybox', ['docker.io/ada', 'https://index.docker.io/v1/'], 'https://index.docker.io/v1/'],
    ['ada/app', ['docker.io/ada', 'docker.io'], 'docker.io/ada'],
    ['ada/app', ['r.example/ada'], undefined],
  ])('%s of Docker Hub among %j is %j', (path, names, expected) => {
    expect(chooseKey(names, { domain: 'docker.io', path })).toBe(expected);
  });

  test('decides whose password is sent', async () => {
    write('.docker/config.json', {
      auths: { 'r.example/one': { auth: encode('one:1') }, 'r.example/two': { auth: encode('two:2') } },
    });
    expect(await files().find('r.example', 'two/app')).toEqual({ username: 'two', password: '2' });
    expect(await files().find('r.example', 'three/app')).toBeUndefined();
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
  ])('that %s is passed over with a warning', async (_what, name, script, kind, message) => {
    if (script !== undefined) install(name, script);
    write('.docker/config.json', { credsStore: name, auths: { 'r.example': { auth: encode('ada:pw') } } });
    expect(await files().find('r.example')).toEqual({ username: 'ada', password: 'pw' });
    expect(problems).toEqual([expect.objectContaining({ kind, message })]);
  });

  test('is asked once for a registry, and by the environment that was given', async () => {
    install('count', `echo x >>"$LOG"; printf '{"Username":"ada","Secret":"pw"}'`);
    write('.docker/config.json', { credsStore: 'count' });
    const LOG = join(home, 'log');
    const source = files({ LOG });
    for (const path of ['a', 'b', 'b']) await source.find('r.example', path);
    expect(readFileSync(LOG, 'utf8')).toBe('x\n');
  });
});
