import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useStore } from '../helpers/skiff.ts';

const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const busybox = useBusybox(store);
const directory = mkdtempSync(join(tmpdir(), 'skiff-rootfs-'));
const original = join(directory, 'original');
afterAll(() => rmSync(directory, { recursive: true }));

beforeAll(async () => {
  mkdirSync(original);
  const tar = join(directory, 'tree.tar');
  await store.ok(['create', '--name', 'origin', busybox]);
  await store.ok(['export', '-o', tar, 'origin']);
  execFileSync('tar', ['-xf', tar, '-C', original]);
  await store.ok(['rm', 'origin']);
});

/** A tree of its own. */
function tree(name: string): string {
  const path = join(directory, name);
  cpSync(original, path, { recursive: true, verbatimSymlinks: true });
  return path;
}

const USERS = ['--uidmap', '0:100000:65536', '--gidmap', '0:200000:65536'];

describe('a container of a directory', () => {
  it('writes into it, and leaves it when it goes', async () => {
    const path = tree('itself');
    const script = 'echo of-$(id -un) > /made; pwd';
    expect(await store.ok(['run', '--rm', '-w', '/srv', '--rootfs', path, 'sh', '-c', script])).toBe('/srv');
    expect(readFileSync(join(path, 'made'), 'utf8')).toBe('of-root\n');
    expect(await store.ok(['run', '--rm', '--rootfs', './itself', 'cat', 'made'], { cwd: directory })).toBe(
      'of-root',
    );
  });

  it('is what every command takes, and can be started again while the directory is there', async () => {
    const path = tree('known');
    await store.ok(['run', '-d', '--name', 'known', '--rootfs', path, 'sleep', '1000']);
    const file = join(directory, 'file');
    writeFileSync(file, 'copied');
    await store.ok(['cp', file, 'known:/running']);
    await store.ok(['rename', 'known', 'named']);
    expect(await store.ok(['exec', 'named', 'cat', '/running'])).toBe('copied');
    expect(await store.ok(['ps', '--format', '{{.Image}} {{.Names}}'])).toBe(`${path} named`);
    expect(await store.ok(['ps', '-aq', '--filter', `ancestor=${busybox}`])).toBe('');
    expect(await store.ok(['inspect', '-sf', '{{.Rootfs}} "{{.Image}}" {{.SizeRw}}', 'named'])).toBe(
      `${path} "" 0`,
    );
    expect(
      await store.ok(['events', '--since', '10m', '--until', '0s', '--filter', 'event=rename']),
    ).toContain(`image=${path}`);
    await store.ok(['rm', '-f', 'named']);
    await store.ok(['create', '--name', 'stopped', '--rootfs', path, 'cat', '/stopped']);
    await store.ok(['cp', file, 'stopped:/stopped']);
    expect(await store.ok(['start', '-a', 'stopped'])).toBe('copied');
    expect(await store.ok(['start', '-a', 'stopped'])).toBe('copied');
    const exported = join(directory, 'known.tar');
    await store.ok(['export', '-o', exported, 'stopped']);
    expect(execFileSync('tar', ['-tf', exported], { encoding: 'utf8' }).split('\n')).toContain('stopped');
    const itself = `container stopped writes into ${path} itself`;
    const refusals = [
      ['diff', 'stopped', itself],
      ['diff', 'stopped@then', itself],
      ['snapshot', 'stopped', itself],
      ['undo', 'stopped', itself],
      [
        'commit',
        'stopped',
        `container stopped cannot become an image by its changes: it was made of a directory, ${path}`,
      ],
    ] as const;
    for (const [command, target, message] of refusals)
      expect(await store.skiff([command, target])).toMatchObject({
        code: 125,
        stderr: expect.stringContaining(message),
      });
    renameSync(path, `${path}.away`);
    expect((await store.skiff(['start', 'stopped'])).stderr).toContain(`no such directory: ${path}`);
    await store.ok(['rm', 'stopped']);
    expect(existsSync(join(`${path}.away`, 'running'))).toBe(true);
  });

  it('leaves it as it is under a layer of its own, in which it is seen what has changed', async () => {
    const path = tree('below');
    const before = readdirSync(path);
    await store.ok([
      'run',
      '--name',
      'above',
      '--rootfs',
      `${path}:O`,
      'sh',
      '-c',
      'echo x > /new; rm /bin/cat',
    ]);
    expect(readdirSync(path)).toEqual(before);
    expect((await store.ok(['diff', 'above'])).split('\n')).toEqual(['C /bin', 'D /bin/cat', 'A /new']);
    expect(await store.ok(['ps', '-a', '--format', '{{.Image}}'])).toBe(`${path}:O`);
    await store.ok(['rm', 'above']);
    expect(readdirSync(path)).toEqual(before);
  });

  it('has snapshots of the layer above it', async () => {
    const path = tree('kept');
    const script = '[ -e /first ] && rm /bin/cat; touch /first; [ -e /bin/cat ] && echo there || echo gone';
    const words = ['--snapshot-on-start', '--name', 'kept', '--rootfs', `${path}:O`, 'sh', '-c', script];
    expect(await store.ok(['run', ...words])).toBe('there');
    expect(await store.ok(['snapshot', 'kept', 'then'])).toBe('then');
    expect(await store.ok(['start', '-a', 'kept'])).toBe('gone');
    expect((await store.ok(['diff', 'kept@then'])).split('\n')).toEqual(
      expect.arrayContaining(['C /bin', 'D /bin/cat']),
    );
    await store.ok(['undo', 'kept@then']);
    expect(await store.ok(['diff', 'kept'])).toBe('A /first');
    expect((await store.ok(['snapshot', 'ls', '-q', '--filter', 'container=kept'])).split('\n')).toEqual([
      expect.stringMatching(/^kept@before-undo-/),
      expect.stringMatching(/^kept@before-start-/),
      'kept@then',
      expect.stringMatching(/^kept@before-start-/),
    ]);
    await store.ok(['rm', 'kept']);
    expect(existsSync(join(path, 'bin', 'cat'))).toBe(true);
  });

  it('has its owners in a user namespace', async () => {
    const path = tree('owners');
    const command = [
      'sh',
      '-c',
      'stat -c %u:%g /bin/busybox; touch /mine; chown 5:6 /mine; cat /proc/self/uid_map',
    ];
    for (const asked of [path, `${path}:O`]) {
      const name = asked.endsWith('O') ? 'layer' : 'itself';
      const said = await store.ok(['run', '--name', name, ...USERS, '--rootfs', asked, ...command]);
      expect(said.split(/\s+/)).toEqual(['0:0', '0', '100000', '65536']);
      // Of one that does not run as well, from outside of its namespaces.
      const mine = execFileSync('tar', ['-tvf', '-', '--numeric-owner'], {
        input: await archive(name, '/mine'),
        encoding: 'utf8',
      });
      expect(mine).toContain(' 5/6 ');
      await store.ok(['rm', name]);
    }
    const { uid, gid } = statSync(join(path, 'mine'));
    expect([uid, gid]).toEqual([5, 6]);
  });

  it('is read-only with what is mounted below it, when it is to be', async () => {
    const path = tree('closed');
    mkdirSync(join(path, 'below'));
    const script =
      'touch /a 2>/dev/null || echo top; touch /below/a 2>/dev/null || echo below; cat /below/file';
    const mount = `mount -t tmpfs below ${path}/below && echo there > ${path}/below/file && exec "$@"`;
    const through = ['unshare', '--mount', 'sh', '-c', mount, 'sh'];
    const run = (...options: string[]) =>
      store.ok(['run', '--rm', ...options, '--rootfs', path, 'sh', '-c', script], { through });
    expect(await run('--read-only')).toBe('top\nbelow\nthere');
    expect(await run()).toBe('there');
  });

  it('gives an empty volume what it has there', async () => {
    const path = tree('filled');
    mkdirSync(join(path, 'data'));
    writeFileSync(join(path, 'data', 'file'), 'content');
    const command = ['run', '--rm', '-v', 'filled:/data', '--rootfs', path, 'cat', '/data/file'];
    expect(await store.ok(command)).toBe('content');
    await store.ok(['volume', 'rm', 'filled']);
  });

  it('uses no image, of which none is counted or kept for it', async () => {
    const path = tree('alone');
    await store.ok(['run', '--name', 'alone', '--rootfs', `${path}:O`, 'true']);
    const usage = await store.ok(['system', 'df', '-v', '--format', '{{json .}}']);
    const { Containers: containers, Images: images } = JSON.parse(usage);
    expect(containers).toEqual([expect.objectContaining({ Names: 'alone', Image: `${path}:O` })]);
    expect(images).toEqual([expect.objectContaining({ Containers: '0' })]);
    await store.ok(['image', 'prune', '-af']);
    expect(await store.ok(['images', '-q'])).toBe('');
    await store.ok(['start', '-a', 'alone']);
    await store.ok(['rm', 'alone']);
  });
});

async function archive(container: string, path: string): Promise<Buffer> {
  const file = join(directory, 'one.tar');
  const { stdout } = await store.skiff(['cp', `${container}:${path}`, '-']);
  writeFileSync(file, stdout, 'latin1');
  return readFileSync(file);
}
