import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RegistrySettings, readRegistryFiles } from '../../../src/registry/registry-files.ts';

let root: string;
const system = 'etc/containers/registries.conf';
const user = 'home/.config/containers/registries.conf';
const daemon = 'etc/docker/daemon.json';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'registry-files-test-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function write(file: string, text: string, mode = 0o644): string {
  const path = join(root, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

/** A file that leads `prefix` to `location`. */
function conf(file: string, prefix: string, location: string): void {
  write(file, `[[registry]]\nprefix = "${prefix}"\nlocation = "${location}"\n`);
}

async function read(environment: Record<string, string> = {}): Promise<RegistrySettings> {
  return await readRegistryFiles(
    { HOME: join(root, 'home'), ...environment },
    { containers: join(root, 'etc/containers'), daemon: join(root, daemon) },
  );
}

/** `prefix → location`, in no order. */
async function places(environment?: Record<string, string>): Promise<Record<string, string | undefined>> {
  const { tables } = await read(environment);
  return Object.fromEntries(tables.map(({ prefix, location }) => [prefix, location]));
}

describe('the files that say how registries are reached', () => {
  test('need not be there', async () => {
    expect(await read()).toEqual({ tables: [], daemon: { mirrors: [], insecure: [] } });
  });

  test("are the system's with its drop-ins in the order of their names, then the user's drop-ins", async () => {
    conf(system, 'a.example', 'system');
    conf(`${system}.d/20.conf`, 'b.example', 'twenty');
    conf(`${system}.d/10.conf`, 'b.example', 'ten');
    conf(`${system}.d/30.conf.off`, 'b.example', 'off');
    conf(`${user}.d/00.conf`, 'c.example', 'user');
    mkdirSync(join(root, `${system}.d/40.conf`));
    expect(await places()).toEqual({ 'a.example': 'system', 'b.example': 'twenty', 'c.example': 'user' });
    conf(`${user}.d/00.conf`, 'a.example', 'user');
    expect(await places()).toEqual({ 'a.example': 'user', 'b.example': 'twenty' });
  });

  test("are the user's alone when there is a registries.conf of his", async () => {
    conf(system, 'a.example', 'system');
    conf(`${system}.d/10.conf`, 'b.example', 'system');
    conf(user, 'c.example', 'user');
    conf(`${user}.d/10.conf`, 'd.example', 'user');
    expect(await places()).toEqual({ 'c.example': 'user', 'd.example': 'user' });
  });

  test('are looked for where XDG_CONFIG_HOME says', async () => {
    conf(user, 'a.example', 'user');
    conf('elsewhere/containers/registries.conf', 'b.example', 'elsewhere');
    expect(await places({ XDG_CONFIG_HOME: join(root, 'elsewhere') })).toEqual({ 'b.example': 'elsewhere' });
  });

  test('are the one that CONTAINERS_REGISTRIES_CONF names, and all drop-ins', async () => {
    conf(system, 'a.example', 'system');
    conf(user, 'a.example', 'user');
    conf(`${system}.d/10.conf`, 'b.example', 'drop-in');
    conf('named.conf', 'c.example', 'named');
    const CONTAINERS_REGISTRIES_CONF = join(root, 'named.conf');
    expect(await places({ CONTAINERS_REGISTRIES_CONF })).toEqual({
      'b.example': 'drop-in',
      'c.example': 'named',
    });
    rmSync(CONTAINERS_REGISTRIES_CONF);
    await expect(read({ CONTAINERS_REGISTRIES_CONF })).rejects.toThrow(
      `${CONTAINERS_REGISTRIES_CONF} is not`,
    );
  });

  test('are switched off by a link to /dev/null in their place', async () => {
    conf(system, 'a.example', 'system');
    mkdirSync(join(root, `${system}.d`));
    symlinkSync('/dev/null', join(root, `${system}.d/10.conf`));
    expect(await places()).toEqual({ 'a.example': 'system' });
    expect(await places({ CONTAINERS_REGISTRIES_CONF: '/dev/null' })).toEqual({});
  });

  test("are Docker's, too", async () => {
    write(daemon, '{"registry-mirrors": ["https://m.example"], "insecure-registries": ["r.example"]}');
    const { daemon: found } = await read();
    expect(found).toEqual({ mirrors: [new URL('https://m.example/')], insecure: ['r.example'] });
  });

  test('may be links', async () => {
    conf('usr/registries.conf', 'a.example', 'linked');
    mkdirSync(dirname(join(root, system)), { recursive: true });
    symlinkSync(join(root, 'usr/registries.conf'), join(root, system));
    expect(await places()).toEqual({ 'a.example': 'linked' });
  });
});

describe.each([system, `${system}.d/10.conf`, user, `${user}.d/10.conf`, daemon])('%s', (file) => {
  const content = file === daemon ? '{}' : '';

  test.each([0o664, 0o646])('is not obeyed when others may write it (%o)', async (mode) => {
    const path = write(file, content, mode);
    await expect(read()).rejects.toMatchObject({ kind: 'invalid', subject: path });
    await expect(read()).rejects.toThrow(`${path} is not obeyed: others may write it`);
  });

  test('is not obeyed when it is too large, and no file', async () => {
    const path = write(file, ' '.repeat(1024 * 1024 + 1));
    await expect(read()).rejects.toThrow(`${path} is not obeyed: it is larger`);
    if (file.includes('.d/')) return;
    rmSync(path);
    mkdirSync(path);
    await expect(read()).rejects.toThrow(`${path} is not obeyed: it is no file`);
    rmSync(path, { recursive: true });
    execFileSync('mkfifo', ['-m', '600', path]);
    await expect(read()).rejects.toThrow(`${path} is not obeyed: it is no file`);
  });

  test.runIf(process.getuid?.() === 0)('is not obeyed when it is somebody else’s', async () => {
    const path = write(file, content);
    chownSync(path, 65_534, 65_534);
    await expect(read()).rejects.toThrow(`${path} is not obeyed: it belongs to user 65534`);
  });
});
