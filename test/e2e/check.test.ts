import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useStore } from '../helpers/skiff.ts';

const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const busybox = useBusybox(store);

const GOOD = 'The store has all that it should.';
const within = (...names: string[]) => join(store.root, ...names);

/** The exit code of a check, and its lines about things, without digests. */
async function check(...options: string[]): Promise<[number | undefined, ...string[]]> {
  const { code, stdout, stderr } = await store.skiff(['system', 'check', ...options]);
  expect(stderr).toBe('');
  const lines = stdout.split('\n').filter((line) => /^(wrong|limited|left|mended) /.test(line));
  return [code, ...lines.map((line) => line.replaceAll(/[0-9a-f]{64}/g, 'HEX'))];
}

/** The busybox image: the only layer, and the paths of its blobs. */
async function image(): Promise<{ layer: string; blob: string; manifest: string; config: string }> {
  const [layer = ''] = readdirSync(within('layers'));
  const blobs = readdirSync(within('blobs/sha256')).map((hex) => within('blobs/sha256', hex));
  const has = (word: string) => (blob: string) => readFileSync(blob, 'latin1').startsWith(word);
  const documents = blobs.filter(has('{'));
  const isConfig = (blob: string) => readFileSync(blob, 'utf8').includes('"rootfs"');
  return {
    layer: within('layers', layer),
    blob: blobs.find((each) => !documents.includes(each)) ?? '',
    manifest: documents.find((each) => !isConfig(each)) ?? '',
    config: documents.find(isConfig) ?? '',
  };
}

describe('system check', () => {
  it('finds nothing wrong with a store in use', async () => {
    await store.ok(['run', '-d', '--name', 'up', '-v', 'data:/data', busybox, 'sleep', '1000']);
    await store.ok(['create', '--name', 'made', busybox]);
    await store.ok(['snapshot', 'made', 'now']);
    expect(await store.ok(['system', 'check', '--deep'])).toBe(GOOD);
    await store.ok(['rm', '-f', 'up', 'made']);
    await store.ok(['volume', 'rm', 'data']);
  });

  it('unpacks a layer again and writes documents again', async () => {
    const { layer, manifest, config } = await image();
    rmSync(layer, { recursive: true });
    rmSync(config);
    truncateSync(manifest, 10);
    expect(await check()).toEqual([
      1,
      `wrong    image: ${busybox}: its manifest sha256:HEX is damaged`,
      `wrong    image: ${busybox}: its config sha256:HEX is missing`,
      `wrong    image: ${busybox}: its layer sha256:HEX is missing`,
    ]);
    expect((await check('--repair')).slice(0, 2)).toEqual([
      0,
      `mended   image: ${busybox}: its manifest sha256:HEX is damaged`,
    ]);
    expect(await store.ok(['system', 'check', '--deep'])).toBe(GOOD);
    expect(await store.ok(['run', '--rm', busybox, 'echo', 'here'])).toBe('here');
  });

  it('follows no link and waits for no pipe where layers and blobs should be, and removes nothing behind them', async () => {
    const { layer, manifest, config } = await image();
    const outside = within('..', `${basename(store.root)}-outside`);
    onTestFinished(() => rmSync(outside, { recursive: true }));
    for (const path of [layer, manifest, config]) rmSync(path, { recursive: true });
    mkdirSync(join(outside, 'directory'), { recursive: true });
    writeFileSync(join(outside, 'file'), 'kept');
    symlinkSync(outside, layer);
    symlinkSync(join(outside, 'file'), manifest);
    execFileSync('mkfifo', [config]);
    expect(await check('--deep', '--repair')).toEqual([
      0,
      `mended   image: ${busybox}: its manifest sha256:HEX is damaged`,
      `mended   image: ${busybox}: its config sha256:HEX is damaged`,
      `mended   image: ${busybox}: its layer sha256:HEX is no directory`,
    ]);
    expect(await store.ok(['run', '--rm', busybox, 'echo', 'here'])).toBe('here');
    expect([readdirSync(outside), readFileSync(join(outside, 'file'), 'utf8')]).toEqual([
      ['directory', 'file'],
      'kept',
    ]);
  });

  it('has images fetched again of which it lacks too much, and reads every blob when it is asked to', async () => {
    const { layer, blob } = await image();
    const bytes = readFileSync(blob);
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    writeFileSync(blob, bytes);
    expect(await check()).toEqual([0]);
    expect(await check('--deep')).toEqual([
      1,
      `wrong    image: ${busybox}: the blob sha256:HEX of a layer is damaged`,
    ]);
    rmSync(layer, { recursive: true });
    await store.ok(['system', 'check', '--deep', '--repair']);
    expect(await store.ok(['images', '-q'])).toBe('');
    await store.ok(['pull', '-q', busybox]);
    expect(await store.ok(['system', 'check', '--deep'])).toBe(GOOD);
  });

  it('leaves containers whatever they lack, and says what would help', async () => {
    await store.ok(['create', '--name', 'kept', busybox]);
    const { layer, blob } = await image();
    rmSync(layer, { recursive: true });
    rmSync(blob);
    const [code, ...lines] = await check('--repair');
    expect([code, lines.map((line) => line.replace(/;.*/, ''))]).toEqual([
      1,
      [
        `wrong    image: ${busybox}: its layer sha256:HEX is missing, and the blob of it is missing`,
        'wrong    container: kept: the layer sha256:HEX that it stands on is missing',
      ],
    ]);
    await store.ok(['pull', '-q', busybox]);
    expect(await store.ok(['system', 'check'])).toBe(GOOD);
    await store.ok(['rm', 'kept']);
  });

  it('tells of directories that are gone, and forgets the snapshots among them', async () => {
    await store.ok(['run', '--name', 'kept', '-v', 'data:/data', busybox, 'true']);
    await store.ok(['wait', 'kept']);
    await store.ok(['snapshot', 'kept', 'now']);
    const [id = ''] = readdirSync(within('containers'));
    rmSync(within('containers', id, 'snapshots/now'), { recursive: true });
    rmSync(within('volumes/data'), { recursive: true });
    const lines = (await check('--repair')).map((line) => String(line).replace(/;.*/, ''));
    expect(lines).toEqual([
      '1',
      'wrong    volume: data: its directory is missing',
      `mended   snapshot: ${id.slice(0, 12)}@now: its directory is missing`,
    ]);
    renameSync(within('containers', id), within('containers', 'f'.repeat(64)));
    expect(await check()).toEqual([
      1,
      'wrong    container: kept: its directory is missing; to mend it: skiff rm kept',
      expect.stringContaining('wrong    volume: data'),
      expect.stringMatching(/^left {5}garbage: .*\/HEX: container directory: files of a container/),
    ]);
    await store.ok(['rm', 'kept']);
    await store.ok(['volume', 'rm', 'data']);
    expect(await check('--repair')).toHaveLength(2);
    expect(existsSync(within('containers', 'f'.repeat(64)))).toBe(false);
  });

  it('says what crashes have left, which is nothing wrong, and takes it away', async () => {
    writeFileSync(within('blobs/sha256', '0'.repeat(64)), 'garbage');
    mkdirSync(within('layers', '1'.repeat(64)));
    mkdirSync(within('tmp/1-1-ab'), { recursive: true });
    const left = await check();
    expect(left).toEqual([
      0,
      'left     blob: sha256:HEX: no image, no container and no cache names it',
      'left     layer: sha256:HEX: no image, no container and no cache names it',
      expect.stringContaining('temporary directory'),
    ]);
    expect(await check('--repair')).toEqual([
      0,
      ...left
        .slice(1)
        .map((line) => (typeof line === 'string' ? line.replace('left  ', 'mended') : expect.anything())),
    ]);
    expect(await store.ok(['system', 'check'])).toBe(GOOD);
  });
});
