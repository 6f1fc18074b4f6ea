import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useTerminals } from '../helpers/pty.ts';
import { COMMAND, useStore } from '../helpers/skiff.ts';
import { until } from '../helpers/until.ts';

const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const busybox = useBusybox(store);
const MAPS = ['--uidmap', '0:100000:65536', '--gidmap', '0:200000:65536'];
const terminals = useTerminals();
let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-cp-'));
  mkdirSync(join(root, 'd'));
  writeFileSync(join(root, 'd/file'), 'content');
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

const cat = (name: string) => readFileSync(join(root, name), 'utf8');

describe('cp', () => {
  it('reaches a container that has never run, runs, is paused, and has ended', async () => {
    const name = 'states';
    const script = 'cat /d/file; sleep 1000';
    await store.ok(['create', '--name', name, busybox, 'sh', '-c', script]);
    await store.ok(['cp', `${root}/d`, `${name}:/`]);
    await store.ok(['start', name]);
    await store.ok(['exec', name, 'sh', '-c', 'until [ -e /d/file ]; do :; done; echo more >/d/more']);
    await store.ok(['cp', `${name}:/d/more`, join(root, 'running')]);
    await store.ok(['pause', name]);
    await store.ok(['cp', `${root}/d/file`, `${name}:/d/paused`]);
    await store.ok(['cp', `${name}:/d/paused`, join(root, 'paused')]);
    await store.ok(['unpause', name]);
    await store.ok(['kill', name]);
    await store.ok(['wait', name]);
    await store.ok(['cp', `${root}/d/file`, `${name}:/d/ended`]);
    await store.ok(['cp', `${name}:/d`, join(root, 'ended')]);
    expect([cat('running'), cat('paused')]).toEqual(['more\n', 'content']);
    expect(readdirSync(join(root, 'ended')).sort()).toEqual(['ended', 'file', 'more', 'paused']);
    expect(await store.ok(['logs', name])).toBe('content');
    await store.ok(['rm', name]);
  });

  it('copies from one container to another, and as tar', async () => {
    await store.ok(['create', '--name', 'one', busybox, 'true']);
    await store.ok(['run', '-d', '--name', 'two', busybox, 'sleep', '1000']);
    await store.ok(['cp', `${root}/d`, 'one:/']);
    await store.ok(['cp', 'one:/d/.', 'two:/e']);
    expect(await store.ok(['exec', 'two', 'cat', '/e/file'])).toBe('content');
    const line = '"$@" cp one:/d - | gzip | "$@" cp - two:/tmp';
    execFileSync('sh', ['-c', line, 'sh', ...COMMAND, '--root', store.root]);
    expect(await store.ok(['exec', 'two', 'cat', '/tmp/d/file'])).toBe('content');
    await store.ok(['rm', '-f', 'one', 'two']);
  });

  it.each([
    ['through which its layers are shown', {}],
    ['of which it has copies of layers', { SKIFF_IDMAP: 'copy' }],
  ])('shows the owners that a container with id maps sees, %s, running or not', async (_, env) => {
    execFileSync('chown', ['0:0', join(root, 'd/file')]);
    await store.ok(['run', '-d', '--name', 'mapped', ...MAPS, busybox, 'sleep', '1000'], { env });
    await store.ok(['exec', 'mapped', 'sh', '-c', 'echo x >/owned; chown 7:8 /owned']);
    execFileSync('chown', ['5:6', join(root, 'd/file')]);
    const look = async (name: string) => {
      await store.ok(['cp', '-a', `mapped:${name}`, join(root, 'owned')]);
      const { uid, gid } = lstatSync(join(root, 'owned'));
      return [uid, gid];
    };
    await store.ok(['cp', '-a', join(root, 'd/file'), 'mapped:/running']);
    expect(await store.ok(['exec', 'mapped', 'stat', '-c', '%u:%g', '/running'])).toBe('5:6');
    expect([await look('/owned'), await look('/running')]).toEqual([
      [7, 8],
      [5, 6],
    ]);
    const line = '"$@" cp mapped:/owned - | tar tv --numeric-owner';
    const said = execFileSync('sh', ['-c', line, 'sh', ...COMMAND, '--root', store.root], {
      encoding: 'utf8',
    });
    expect(said).toContain(' 7/8 ');
    await store.ok(['kill', 'mapped']);
    await store.ok(['wait', 'mapped']);
    await store.ok(['cp', '-a', join(root, 'd/file'), 'mapped:/ended']);
    expect([await look('/owned'), await look('/ended')]).toEqual([
      [7, 8],
      [5, 6],
    ]);
    await store.ok(['start', 'mapped']);
    expect(await store.ok(['exec', 'mapped', 'stat', '-c', '%u:%g', '/ended'])).toBe('5:6');
    execFileSync('chown', ['70000:0', join(root, 'd/file')]);
    const nobody = await store.skiff(['cp', join(root, 'd/file'), 'mapped:/nobody']);
    expect(nobody.stderr).toContain('"nobody" belongs to somebody who does not exist in the container');
    expect(nobody.code).toBe(125);
    await store.ok(['rm', '-f', 'mapped']);
    execFileSync('chown', ['0:0', join(root, 'd/file')]);
  });

  it('writes into what is mounted in a running container, and leaves it mounted', async () => {
    await store.ok(['run', '-d', '--name', 'mounts', '--tmpfs', '/scratch', busybox, 'sleep', '1000']);
    writeFileSync(join(root, 'hosts'), '127.0.0.1 copied\n');
    await store.ok(['cp', join(root, 'hosts'), 'mounts:/etc/hosts']);
    await store.ok(['cp', join(root, 'hosts'), 'mounts:/scratch']);
    expect(await store.ok(['exec', 'mounts', 'cat', '/etc/hosts', '/scratch/hosts'])).toBe(
      '127.0.0.1 copied\n127.0.0.1 copied',
    );
    expect(await store.ok(['exec', 'mounts', 'grep', '-c', ' /etc/hosts ', '/proc/self/mountinfo'])).toBe(
      '1',
    );
    await store.ok(['rm', '-f', 'mounts']);
  });

  it('finds files in volumes and binds of a container that does not run, and puts them there', async () => {
    const name = 'mounted';
    mkdirSync(join(root, 'bound'));
    await store.ok([
      'run',
      '--name',
      name,
      '-v',
      'data:/data',
      '-v',
      `${root}/bound:/bound`,
      busybox,
      'sh',
      '-c',
      'echo v >/data/f; echo b >/bound/f',
    ]);
    expect(await store.ok(['cp', `${name}:/data/f`, join(root, 'of-volume')])).toBe('');
    expect(cat('of-volume')).toBe('v\n');
    await store.ok(['cp', join(root, 'd/file'), `${name}:/data/put`]);
    await store.ok(['cp', join(root, 'd/file'), `${name}:/bound/put`]);
    expect(cat('bound/put')).toBe('content');
    expect(await store.ok(['run', '--rm', '-v', 'data:/x', busybox, 'cat', '/x/put'])).toBe('content');
    const exported = execFileSync(
      'sh',
      ['-c', `${COMMAND.join(' ')} --root ${store.root} export ${name} | tar t`],
      { encoding: 'utf8' },
    );
    expect(exported).not.toContain('data/put');
    await store.ok(['rm', name]);
    await store.ok(['create', '--name', 'new', '-v', 'data:/etc/of-nobody', busybox]);
    const missing = await store.skiff(['cp', 'new:/etc/of-nobody/put', root]);
    expect(missing.stderr).toContain('no such file or directory: new:/etc/of-nobody/put');
    await store.ok(['cp', join(root, 'd/file'), 'new:/etc/of-nobody/more']);
    await store.ok(['cp', 'new:/etc/of-nobody/put', join(root, 'of-new')]);
    expect(cat('of-new')).toBe('content');
    await store.ok(['rm', 'new']);
  });

  it('is refused by a read-only root file system, running or not', async () => {
    await store.ok(['create', '--name', 'closed', '--read-only', busybox, 'sleep', '1000']);
    for (const action of ['start', 'ps']) {
      const { code, stderr } = await store.skiff(['cp', join(root, 'd/file'), 'closed:/x']);
      expect([code, stderr]).toEqual([125, expect.stringContaining('read-only')]);
      await store.ok([action, ...(action === 'start' ? ['closed'] : [])]);
    }
    await store.ok(['rm', '-f', 'closed']);
  });

  it('keeps a container from being started or removed that it writes to', async () => {
    const id = await store.ok(['create', '--name', 'busy', busybox, 'true']);
    execFileSync('mkfifo', [join(root, 'hold')]);
    const line = `(tar c -C ${root} d; cat ${root}/hold) | "$0" "$@"`;
    const copying = store.start(['cp', '-', 'busy:/'], { through: ['sh', '-c', line] });
    const directory = join(store.root, 'containers', id);
    await until(() => readdirSync(directory).some((name) => name.startsWith('writer-')));
    for (const action of ['start', 'rm']) {
      const { code, stderr } = await store.skiff([action, 'busy']);
      expect([code, stderr]).toEqual([1, expect.stringContaining('files of container busy are in use')]);
    }
    await store.ok(['cp', 'busy:/bin/busybox', join(root, 'read')]);
    writeFileSync(join(root, 'hold'), '');
    expect((await copying).exitCode).toBe(0);
    await store.ok(['cp', 'busy:/d/file', join(root, 'written')]);
    expect(cat('written')).toBe('content');
    await store.ok(['rm', 'busy']);
  });

  it('tells of an attribute that the file system there cannot hold in words that command no terminal', async () => {
    const file = join(root, 'attributes');
    writeFileSync(file, '');
    execFileSync('setfattr', ['-n', 'user.\x1b[31m', '-v', '1', file]);
    await store.ok(['create', '--name', 'told', busybox, 'true']);
    await store.ok(['cp', file, 'told:/']);
    const there = join(root, 'ramfs');
    mkdirSync(there);
    const through = ['unshare', '-m', 'sh', '-c', `mount -t ramfs none ${there}; exec "$@"`, 'sh'];
    const { code, stderr } = await store.skiff(['cp', 'told:/attributes', there], { through });
    expect([code, stderr]).toEqual([
      0,
      `note: the file system of ${there} cannot hold the extended attribute user.\\x1b[31m\n`,
    ]);
  });

  it('says on a terminal what it has copied, unless it is to be quiet', async () => {
    await store.ok(['create', '--name', 'quiet', busybox, 'true']);
    const args = ['--root', store.root, 'cp', join(root, 'd'), 'quiet:/x'];
    const loud = terminals.open([...COMMAND, ...args]);
    expect(await loud.exit()).toBe(0);
    expect(loud.screen).toContain('Successfully copied 7B to quiet:/x');
    const quiet = terminals.open([...COMMAND, ...args, '-q']);
    expect(await quiet.exit()).toBe(0);
    expect(quiet.screen).toBe('');
    await store.ok(['rm', 'quiet']);
  });
});
