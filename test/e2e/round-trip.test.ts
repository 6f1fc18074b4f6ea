import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { makeOddTree } from '../helpers/odd-tree.ts';
import { useStore } from '../helpers/skiff.ts';
import { describeTree } from '../helpers/tree.ts';

/** A tmpfs: it holds attributes of 60 kB, and all times. */
const MEMORY = '/dev/shm';

const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }), undefined, MEMORY);
const busybox = useBusybox(store);

const place = mkdtempSync(join(MEMORY, 'skiff-round-trip-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** A machine that is busy with other things takes its time over 10,000 links. */
const timeout = 10 * 60_000;

const tree = join(place, 'tree');
let wanted: string[];

/** One tree goes all ways, from where it came last to where it goes next. */
beforeAll(async () => {
  mkdirSync(tree);
  makeOddTree(tree);
  wanted = describeTree(tree);
  for (const name of ['one', 'two']) await store.ok(['create', '--name', name, busybox, 'true']);
  await store.ok(['cp', tree, 'one:/']);
}, timeout);

afterAll(async () => {
  await store.ok(['rm', '-f', ...(await store.ok(['ps', '-aq'])).split('\n')]);
  await store.ok(['volume', 'prune', '-af']);
});

/** Has skiff write the tree somewhere, and compares it there, entry by entry. */
async function arrives(directory: string, ...args: readonly string[]): Promise<void> {
  if (args.length > 0) await store.ok(args);
  expect(describeTree(directory)).toEqual(wanted);
  for (const name of ['sparse', 'hole', 'hole-behind'])
    expect(statSync(join(directory, name)).blocks).toBeLessThan(1024);
}

async function comesOut(container: string, as: string): Promise<void> {
  const directory = join(place, as);
  await arrives(directory, 'cp', '-a', `${container}:/tree`, directory);
  rmSync(directory, { recursive: true });
}

describe('a tree of everything that a file system can hold is the same', { timeout }, () => {
  it('in a container, and from there on the host', async () => {
    await comesOut('one', 'out');
  });

  it('in a container that runs, and from there in another', async () => {
    await store.ok(['run', '-d', '--name', 'running', busybox, 'sleep', '1000']);
    await store.ok(['cp', 'one:/tree', 'running:/']);
    await store.ok(['cp', 'running:/tree', 'two:/']);
    await comesOut('two', 'two');
  });

  it('in a tar archive, and an image made of that', async () => {
    const archive = join(place, 'one.tar');
    await store.ok(['export', '-o', archive, 'one']);
    expect(statSync(archive).size).toBeLessThan(1 << 26);
    const image = await store.ok(['import', archive]);
    await store.ok(['create', '--name', 'imported', image, 'true']);
    await comesOut('imported', 'imported');
  });

  it('in an image made of the container, in a volume that is filled from it, and in an archive of that', async () => {
    const image = await store.ok(['commit', 'one']);
    await store.ok(['create', '--name', 'committed', '-v', 'filled:/tree', image, 'true']);
    await arrives(join(store.root, 'volumes/filled'));
    const archive = join(place, 'volume.tar');
    await store.ok(['volume', 'export', 'filled', '-o', archive]);
    expect(statSync(archive).size).toBeLessThan(1 << 26);
    await store.ok(['volume', 'create', 'again']);
    await arrives(join(store.root, 'volumes/again'), 'volume', 'import', 'again', archive);
    await store.ok(['create', '--name', 'whole', image, 'true']);
    await comesOut('whole', 'whole');
    expect(readdirSync(join(store.root, 'tmp'))).toEqual([]);
  });

  it('in an archive that cp reads and writes, which GNU tar reads', async () => {
    const [archive, directory] = [join(place, 'cp.tar'), join(place, 'tar')];
    const through = (redirection: string) => ({ through: ['sh', '-c', `"$@" ${redirection}`, 'sh'] });
    await store.ok(['cp', 'one:/tree', '-'], through(`> ${archive}`));
    mkdirSync(directory);
    const words = ['-xpf', archive, '-C', directory, '--numeric-owner', '--xattrs', '--xattrs-include=*'];
    execFileSync('tar', [...words, '--warning=no-timestamp']);
    await arrives(join(directory, 'tree'));
    await store.ok(['create', '--name', 'three', busybox, 'true']);
    await store.ok(['cp', '-', 'three:/'], through(`< ${archive}`));
    await comesOut('three', 'three');
  });
});

describe('a file that is called like a whiteout', () => {
  it('is copied and exported as it is, and no part of an image: never does it hide another', async () => {
    const script = 'mkdir /d; for f in .wh.x .wh..wh..opq x; do echo $f > /d/$f; done';
    await store.ok(['run', '--name', 'marks', busybox, 'sh', '-c', script]);
    const names = ['.wh..wh..opq', '.wh.x', 'x'];
    await store.ok(['cp', 'marks:/d', place]);
    expect(readdirSync(join(place, 'd')).sort()).toEqual(names);
    await store.ok(['cp', join(place, 'd/.'), 'two:/tree/empty']);
    await store.ok(['cp', 'two:/tree/empty', place]);
    expect(readdirSync(join(place, 'empty')).sort()).toEqual(names);
    const refused = await store.skiff(['commit', 'marks', 'marks']);
    expect(refused).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('/d/.wh..wh..opq cannot be part of an image'),
    });
    expect(await store.ok(['images', '-q', 'marks'])).toBe('');
    const archive = join(place, 'marks.tar');
    await store.ok(['export', '-o', archive, 'marks']);
    const listed = execFileSync('tar', ['-tf', archive, 'd'], { encoding: 'utf8' });
    expect(listed.trim().split('\n').sort()).toEqual(['d/', ...names.map((name) => `d/${name}`)]);
  });
});
