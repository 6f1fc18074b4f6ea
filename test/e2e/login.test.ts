import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { COMMAND } from '../helpers/executable.ts';
import { type HostileRegistry, startHostileRegistry } from '../helpers/hostile-registry.ts';
import { useTerminals } from '../helpers/pty.ts';
import { useStore } from '../helpers/skiff.ts';

const USER = { name: 'sailor', password: 'se cret:1' };
const place = mkdtempSync(join(tmpdir(), 'skiff-login-'));
const helpers = join(place, 'bin');
let home = '';
let count = 0;
let basic: HostileRegistry;
let bearer: HostileRegistry;

const env = () => ({
  SKIFF_NETWORK: 'none',
  HOME: home,
  XDG_RUNTIME_DIR: join(home, 'run'),
  PATH: `${helpers}:${process.env['PATH']}`,
});
const store = useStore(() => ({ env: env() }));
const terminals = useTerminals();

beforeAll(async () => {
  [basic, bearer] = [await startHostileRegistry(), await startHostileRegistry()];
  const { name: username, password } = USER;
  basic.guard({ scheme: 'basic', username, password });
  bearer.guard({ scheme: 'bearer', username, password });
  mkdirSync(helpers);
  // Keeps what it is told in files, as docker-credential-pass keeps it elsewhere.
  const script = `#!/bin/sh
cd "$HOME" && mkdir -p kept && case $1 in
store) cat > kept/last; cp kept/last kept/entry ;;
get) cat > /dev/null; [ -e kept/entry ] || { echo credentials not found in native keychain; exit 1; }; cat kept/entry ;;
erase) cat > kept/erased; rm -f kept/entry ;;
esac`;
  writeFileSync(join(helpers, 'docker-credential-files'), script);
  chmodSync(join(helpers, 'docker-credential-files'), 0o755);
});
afterAll(async () => {
  await Promise.all([basic.stop(), bearer.stop()]);
  rmSync(place, { recursive: true, force: true });
});
beforeEach(() => {
  home = join(place, `home${count++}`);
  mkdirSync(home);
});

const file = () => join(home, '.docker/config.json');
const kept = () => JSON.parse(readFileSync(file(), 'utf8'));
const auth = Buffer.from(`${USER.name}:${USER.password}`).toString('base64');
const byStdin = (host: string, password = USER.password) =>
  store.skiff(['login', '-u', USER.name, '--password-stdin', host], { input: `${password}\n` });

describe('login', () => {
  it.each(['basic', 'bearer'])(
    'keeps what the registry takes, in a file of its own, and says so (%s)',
    async (scheme) => {
      const { host } = scheme === 'basic' ? basic : bearer;
      const said = await byStdin(host);
      expect([said.code, said.stdout]).toEqual([0, 'Login Succeeded\n']);
      expect(said.stderr).toBe(`WARNING! Your credentials are stored unencrypted in '${file()}'.\n`);
      expect(kept()).toEqual({ auths: { [host]: { auth } } });
      expect(statSync(file()).mode & 0o777).toBe(0o600);
      expect(await store.ok(['login', `http://${host}/v2/`])).toBe(
        'Authenticating with existing credentials...\nLogin Succeeded',
      );
      expect(await store.ok(['logout', host])).toBe(`Removing login credentials for ${host}`);
      expect(kept()).toEqual({ auths: {} });
      expect(await store.ok(['logout', host])).toBe(`Not logged in to ${host}`);
    },
  );

  it('keeps nothing that is refused, and shows no password', async () => {
    for (const { host } of [basic, bearer]) {
      const said = await byStdin(host, 'wrong-password');
      expect([said.code, said.stderr]).toEqual([
        125,
        expect.stringContaining('refused the credentials of sailor'),
      ]);
      expect(said.stderr + said.stdout).not.toContain('wrong-password');
    }
    expect(() => statSync(file())).toThrow();
  });

  it.each(['basic', 'bearer'])('shows no secret to --debug, whatever becomes of it (%s)', async (scheme) => {
    const { host } = scheme === 'basic' ? basic : bearer;
    mkdirSync(join(home, '.docker'));
    const wrong = Buffer.from(`${USER.name}:wrong-password`).toString('base64');
    const outputs: string[] = [];
    for (const [entry, args, input] of [
      [{ auth }, ['login', host]],
      [{ auth }, ['pull', `${host}/nothing`]],
      [{ auth: wrong }, ['pull', `${host}/nothing`]],
      [{ auth: wrong }, ['login', host]],
      [{ identitytoken: 'wrong-identity' }, ['pull', `${host}/nothing`]],
      [{}, ['login', '-u', USER.name, '--password-stdin', host], 'wrong-password\n'],
    ] as const) {
      writeFileSync(file(), JSON.stringify({ auths: { [host]: entry } }));
      const said = await store.skiff(['--debug', ...args], input === undefined ? {} : { input });
      expect(said.stderr).toContain(`/v2/`);
      outputs.push(said.stderr, said.stdout);
    }
    const sold = /token-\d/;
    for (const secret of [USER.password, 'wrong-password', 'wrong-identity', auth, wrong])
      expect(outputs.join('')).not.toContain(secret);
    expect(outputs.join('')).not.toMatch(sold);
  });

  it('leaves everything else in the file as it was, also behind a link', async () => {
    mkdirSync(join(home, '.docker'));
    const real = join(home, 'real.json');
    const before = { detachKeys: 'ctrl-q', auths: { 'other.example': { auth: 'eDp5' } }, psFormat: 'x' };
    writeFileSync(real, JSON.stringify(before));
    symlinkSync(real, file());
    expect((await byStdin(basic.host)).code).toBe(0);
    expect(JSON.parse(readFileSync(real, 'utf8'))).toEqual({
      ...before,
      auths: { ...before.auths, [basic.host]: { auth } },
    });
    writeFileSync(real, 'no JSON');
    const broken = await byStdin(basic.host);
    expect([broken.code, broken.stderr]).toEqual([125, expect.stringContaining(file())]);
    expect(readFileSync(real, 'utf8')).toBe('no JSON');
  });

  it.each([{ credsStore: 'files' }, { credHelpers: { HOST: 'files' } }])(
    'gives it to the helper that is set: %j',
    async (config) => {
      mkdirSync(join(home, '.docker'));
      writeFileSync(file(), JSON.stringify(config).replace('HOST', basic.host));
      const said = await byStdin(basic.host);
      expect([said.code, said.stderr]).toEqual([0, '']);
      expect(JSON.parse(readFileSync(join(home, 'kept/last'), 'utf8'))).toEqual({
        ServerURL: basic.host,
        Username: USER.name,
        Secret: USER.password,
      });
      expect(readFileSync(file(), 'utf8')).not.toContain(auth);
      expect(kept().auths).toEqual({ [basic.host]: {} });
      expect(await store.ok(['login', basic.host])).toContain('Login Succeeded');
      await store.ok(['logout', basic.host]);
      expect(readFileSync(join(home, 'kept/erased'), 'utf8')).toBe(`${basic.host}\n`);
      expect(kept().auths).toEqual({});
    },
  );

  it('takes the place of what Podman keeps, which would be found first', async () => {
    const own = join(home, 'run/containers/auth.json');
    mkdirSync(join(home, 'run/containers'), { recursive: true });
    writeFileSync(own, JSON.stringify({ auths: { [basic.host]: { auth: 'b2xkOm9sZA==' } } }));
    expect((await byStdin(basic.host)).code).toBe(0);
    expect(JSON.parse(readFileSync(own, 'utf8')).auths[basic.host]).toEqual({ auth });
    expect(() => statSync(file())).toThrow();
  });

  it('asks on a terminal, where a password is not shown', async () => {
    const terminal = terminals.open([...COMMAND, '--root', store.root, 'login', basic.host], {
      env: { ...process.env, ...env() },
    });
    await terminal.shows('Username: ');
    terminal.type('sailox\x7fr\r');
    await terminal.shows('Password: ');
    terminal.type(`${USER.password}\r`);
    expect(await terminal.exit()).toBe(0);
    expect(terminal.screen).toContain('Login Succeeded');
    expect(terminal.screen).not.toContain(USER.password);
    expect(kept().auths[basic.host]).toEqual({ auth });
  });

  it.each([
    [['-u', 'x', '-p', 'y', '--password-stdin', 'HOST'], 'two ways'],
    [['--password-stdin', 'HOST'], '--username'],
    [['HOST'], 'standard input is no terminal'],
    [['-u', 'x', '--password-stdin', 'HOST'], 'the password is empty'],
    [['-u', 'x', '-p', 'y', 'no registry'], '"no registry" is no registry'],
  ])('refuses %j', async (args, message) => {
    const said = await store.skiff(['login', ...args.map((word) => word.replace('HOST', basic.host))]);
    expect([said.code, said.stderr]).toEqual([125, expect.stringContaining(message)]);
  });
});
