import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leftovers, useStore } from '../helpers/skiff.ts';

/** A container's own file system, as far as its store is concerned: a mount namespace in which the root is an overlay. */
let around: ChildProcess;
const place = mkdtempSync(join(tmpdir(), 'skiff-around-'));
const upper = join(place, 'upper');
const store = useStore(
  () => ({
    env: { SKIFF_NETWORK: 'none' },
    through: ['nsenter', `--mount=/proc/${around.pid}/ns/mnt`, '--'],
  }),
  async () => {
    around.stdin?.end();
    await once(around, 'close');
    rmSync(place, { recursive: true });
  },
);

const IMAGE = 'tree';

beforeAll(async () => {
  const [lower, work, tree] = ['lower', 'work', 'tree'].map((name) => join(place, name)) as [
    string,
    string,
    string,
  ];
  for (const directory of [lower, upper, work, join(tree, 'bin'), join(tree, 'data/old')])
    mkdirSync(directory, { recursive: true });
  const script = `mount -t overlay overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" "$4"; echo mounted; exec cat`;
  around = spawn(
    'unshare',
    ['--mount', '--propagation', 'private', 'sh', '-ec', script, 'sh', lower, upper, work, store.root],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  if (around.stdout !== null) await once(around.stdout, 'data');
  execFileSync('sh', [
    '-c',
    'cp "$(command -v busybox)" "$1/bin" && chroot "$1" /bin/busybox --install -s /bin',
    'sh',
    tree,
  ]);
  writeFileSync(join(tree, 'data/old/file'), 'old');
  writeFileSync(join(tree, 'data/changed'), 'as it was');
  execFileSync('chown', ['-R', '5:6', join(tree, 'data')]);
  execFileSync('tar', ['-C', tree, '-cf', join(place, 'tree.tar'), '.']);
  await store.ok(['import', join(place, 'tree.tar'), IMAGE]);
});

// What the store has left is seen from here in the overlay's upper directory.
afterAll(async () => {
  await store.ok(['system', 'prune', '-af', '--volumes']);
  expect(leftovers({ ...store, root: upper, roots: new Set([upper]) })).toEqual([]);
});

const CHANGE =
  'echo new > /data/changed; rm -r /data/old; mkdir /data/new; echo 1 > /data/new/file; ln /data/new/file /hard';
const LINES = ['C /data', 'C /data/changed', 'A /data/new', 'A /data/new/file', 'D /data/old', 'A /hard'];
const MAPS = ['--uidmap', '0:100000:65536', '--gidmap', '0:100000:65536'];
const lines = async (...args: string[]) => (await store.ok(args)).split('\n');
const inspected = async (...args: string[]) => JSON.parse(await store.ok([...args]))[0];

describe('a store on an overlay', () => {
  it('says what it does in the place of overlays, and why', async () => {
    expect(await store.ok(['info'])).toContain(
      `Storage Driver: copy (no overlay can lie on overlay (${store.root}))`,
    );
    const explained = await store.ok(['run', '--explain', IMAGE, 'true']);
    expect(explained).toMatch(
      /^ {4}\/ +bind +\S+\/upper, a copy of the image's files in \S+\/layers\/[0-9a-f]{64}$/m,
    );
    const refused = await store.skiff(['run', '--rm', IMAGE, 'true'], { env: { SKIFF_STORAGE: 'overlay' } });
    expect(refused).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('has the storage driver copy, not overlay'),
    });
  });

  it('runs containers that have their image to themselves', async () => {
    await store.ok(['run', '--rm', IMAGE, 'sh', '-c', 'rm -r /data /bin/vi']);
    expect(await store.ok(['run', '--rm', IMAGE, 'stat', '-c', '%u:%g %n', '/data/changed'])).toBe(
      '5:6 /data/changed',
    );
    const closed = await store.skiff(['run', '--rm', '--read-only', IMAGE, 'touch', '/data/changed']);
    expect(closed).toMatchObject({ code: 1, stderr: expect.stringContaining('Read-only file system') });
  });

  it.each<[string, string[]]>([
    ['', []],
    [', whatever its ids are', MAPS],
  ])('keeps what a container changes, tells it, and makes an image of it%s', async (_, maps) => {
    const name = `changed${maps.length}`;
    await store.ok(['run', '--name', name, ...maps, IMAGE, 'sh', '-c', CHANGE]);
    expect(await lines('diff', name)).toEqual(LINES);
    expect(await inspected('inspect', '--size', name)).toMatchObject({
      SizeRw: 6,
      GraphDriver: { Name: 'copy' },
    });
    await store.ok(['commit', name, `${IMAGE}:${name}`]);
    const look = 'cat /data/changed /hard; ls /data; stat -c "%u:%g %h" /hard /data/changed';
    const seen = ['new', '1', 'changed', 'new', '0:0 2', '5:6 1'];
    expect(await lines('run', '--rm', `${IMAGE}:${name}`, 'sh', '-c', look)).toEqual(seen);
    // Layers are given to others as they are anywhere.
    const archive = join(place, `${name}.tar`);
    await store.ok(['save', '-o', archive, `${IMAGE}:${name}`]);
    await store.ok(['rmi', `${IMAGE}:${name}`]);
    await store.ok(['load', '-i', archive]);
    expect(await lines('run', '--rm', ...maps, `${IMAGE}:${name}`, 'sh', '-c', look)).toEqual(seen);
    expect(await store.ok(['system', 'check', '--deep'])).toBe('The store has all that it should.');
    await store.ok(['rm', name]);
  });

  it('lets a container stop, start, be looked into, and be what it was', async () => {
    await store.ok(['run', '-d', '--name', 'it', IMAGE, 'sleep', '1000']);
    await store.ok(['exec', 'it', 'sh', '-c', 'echo kept > /kept']);
    await store.ok(['snapshot', 'take', 'it', 'before']);
    writeFileSync(join(place, 'file'), 'from outside');
    await store.ok(['cp', join(place, 'file'), 'it:/data/file']);
    await store.ok(['restart', '-t', '0', 'it']);
    expect(await store.ok(['exec', 'it', 'cat', '/kept', '/data/file'])).toBe('kept\nfrom outside');
    expect(await lines('diff', 'it@before')).toEqual(['C /data', 'A /data/file']);
    await store.ok(['stop', '-t', '0', 'it']);
    await store.ok(['undo', 'it@before']);
    expect(await lines('diff', 'it')).toEqual(['A /kept']);
    await store.ok(['cp', 'it:/kept', join(place, 'kept')]);
    await store.ok(['export', '-o', join(place, 'export.tar'), 'it']);
    expect(execFileSync('tar', ['-xOf', join(place, 'export.tar'), 'kept'], { encoding: 'utf8' })).toBe(
      'kept\n',
    );
    await store.ok(['rm', 'it']);
  });

  it('shows the files of images, and fills volumes from them', async () => {
    const image = ['--mount', `type=image,src=${IMAGE},dst=/shown`];
    expect(await store.ok(['run', '--rm', ...image, IMAGE, 'cat', '/shown/data/changed'])).toBe('as it was');
    const look = ['stat', '-c', '%u:%g', '/data/old/file'];
    expect(await store.ok(['run', '--rm', '-v', 'filled:/data', IMAGE, ...look])).toBe('5:6');
  });

  it.each([
    ['a directory below a layer of its own', ['-v', '/:/host:O', IMAGE], 'mounted with a layer above it'],
    ['a root below one', ['--rootfs', `${place}/tree:O`], 'be a root with a layer above it'],
    ['a limit of size', ['--storage-opt', 'size=10m', IMAGE], 'cannot be limited here'],
  ])('refuses %s, with the reason', async (_, words, message) => {
    const { code, stderr } = await store.skiff(['run', '--rm', ...words, 'true']);
    expect(code).toBe(125);
    expect(stderr).toContain(message);
    expect(stderr).toContain(`no overlay can lie on overlay (${store.root})`);
  });

  it('builds nothing, and says why', async () => {
    const { code, stderr } = await store.skiff(['build', '-'], { input: `FROM ${IMAGE}\nRUN true\n` });
    expect(code).not.toBe(0);
    expect(stderr).toContain(`nothing can be built here: the storage driver of ${store.root} is copy`);
  });
});

it('a new store there cannot be one of overlays', async () => {
  const { code, stderr } = await store.skiff(['--root', `${store.root}/other`, 'info'], {
    env: { SKIFF_STORAGE: 'overlay' },
  });
  expect(code).toBe(125);
  expect(stderr).toContain('cannot have the storage driver overlay: no overlay can lie on overlay');
});
