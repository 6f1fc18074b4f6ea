import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { summarizeDisk } from '../../src/engine/reports/disk-summary.ts';
import { diskUsage } from '../../src/engine/reports/disk-usage.ts';
import { insertCacheEntry } from '../../src/engine/store/build-cache.ts';
import { type ContainerId, insertContainer } from '../../src/engine/store/containers.ts';
import { saveImage } from '../../src/engine/store/images.ts';
import { insertVolume, useVolumes } from '../../src/engine/store/volumes.ts';
import { digestOf, hexOf } from '../../src/oci/digest.ts';
import { HELPER } from '../helpers/layers.ts';
import { containerRow, useContext } from '../unit/engine/fixtures.ts';

const room = useContext(HELPER);

/** Writes a file below the store's root, with the directories that it needs. */
function write(path: string, bytes: number): string {
  const file = join(room.context.paths.root, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, Buffer.alloc(bytes, 'x'));
  return file;
}

/** The bytes that the file system has set aside for paths below the store's root, as du(1) counts them: each file once. */
function allocated(...paths: string[]): number {
  const files = paths.map((path) => join(room.context.paths.root, path));
  const said = execFileSync('du', ['--total', '--summarize', '--block-size=1', ...files], {
    encoding: 'utf8',
  });
  return Number(/(\d+)\ttotal$/m.exec(said)?.[1]);
}

const layer = (name: string) => `layers/${hexOf(digestOf(name))}`;
const blob = (name: string) => `blobs/sha256/${hexOf(digestOf(name))}`;

function addImage(name: string, layers: readonly string[]): void {
  const config = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [] },
    name,
  });
  const [id, body] = [
    digestOf(config),
    JSON.stringify({
      config: { digest: digestOf(config) },
      layers: layers.map((each) => ({ digest: digestOf(`blob ${each}`) })),
    }),
  ];
  const manifest = { digest: digestOf(body), imageId: id, mediaType: '', body, indexDigest: undefined };
  const image = { id, config, layers: layers.map(digestOf), size: 1, createdAt: 1 };
  saveImage(room.context.database, image, manifest, [`docker.io/library/${name}:latest`]);
  write(blob(config), 300);
  write(blob(body), 400);
  for (const [index, each] of layers.entries()) {
    write(`${layer(each)}/etc/file`, 10_000 * (index + 1));
    write(blob(`blob ${each}`), 5000 * (index + 1));
  }
}

const imageId = (name: string) =>
  digestOf(
    JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] }, name }),
  );

function addContainer(letter: string, name: string, layers: readonly string[]): ContainerId {
  const id = letter.repeat(64) as ContainerId;
  const row = containerRow({
    id,
    name,
    imageId: imageId('one'),
    layers: layers.map(digestOf),
    started: false,
  });
  insertContainer(room.context.database, row, () => false);
  const file = write(`containers/${id}/upper/data`, 70_000);
  mkdirSync(join(room.context.paths.containers, id, 'work/index'), { recursive: true });
  linkSync(file, join(room.context.paths.containers, id, 'work/index/000'));
  write(`containers/${id}/log`, 20_000);
  return id;
}

function addVolume(name: string, options: Record<string, string> = {}): void {
  insertVolume(room.context.database, {
    name,
    driver: 'local',
    labels: {},
    options,
    createdAt: 1,
    anonymous: false,
  });
  mkdirSync(join(room.context.paths.volumes, name), { recursive: true });
}

/** Two images with a layer in common, two containers, volumes, and something of every other kind. */
beforeEach(() => {
  addImage('one', ['common', 'own of one']);
  addImage('two', ['common']);
  const user = addContainer('a', 'user', ['common', 'own of one']);
  addContainer('b', 'keeper', ['removed']);
  write(`${layer('removed')}/file`, 30_000);
  write(`containers/${user}/snapshots/first/data`, 40_000);
  addVolume('used');
  addVolume('unused');
  addVolume('elsewhere', { type: 'tmpfs', device: 'tmpfs' });
  useVolumes(room.context.database, user, ['used']);
  write('volumes/used/file', 50_000);
  execFileSync('truncate', ['-s', '5G', join(room.context.paths.volumes, 'unused/sparse')]);
  write(`${layer('common')}.01234567/file`, 8000);
  write(`${layer('left')}/file`, 9000);
  write(blob('left'), 9000);
  write(`containers/${'c'.repeat(64)}/upper/left`, 9000);
  write('volumes/left/file', 9000);
  write('tmp/1-2-3/draft', 10_000);
  write('trash/x.1/file', 11_000);
  write('events.log', 12_000);
  write('events.log.1', 12_000);
  write('helper/abc/skiff-helper', 13_000);
  write('seccomp/filter', 5000);
  write('idmapped-mounts', 10);
  write("somebody's/file", 14_000);
});

describe('what a store takes on its disk', () => {
  it('is explained to the last byte', async () => {
    const linked = write(`${layer('linked 0')}/file`, 60_000);
    // More than one process measures at once, whatever the machine.
    for (let number = 0; number < 40; number++) {
      const chainID = digestOf(`linked ${number}`);
      const step = { key: digestOf(`step ${number}`), kind: 'copy', description: 'COPY', parts: {} } as const;
      const made = { chainID, diffID: digestOf('linked'), size: 1, bytes: 1 };
      insertCacheEntry(room.context.database, { ...step, layer: made, createdAt: 1 });
      const directory = join(room.context.paths.layers, hexOf(chainID));
      mkdirSync(directory, { recursive: true });
      if (number > 0) linkSync(linked, join(directory, 'file'));
    }
    const usage = await diskUsage(room.context);
    expect(usage.total).toBe(allocated('.'));
    const parts = [...usage.containers, ...usage.volumes, ...usage.buildCache, ...usage.other].map(
      ({ size }) => size,
    );
    expect(usage.imagesSize + parts.reduce((sum, size) => sum + size)).toBe(usage.total);
  });

  it('is layers and blobs of images, those that several share counted once', async () => {
    const { images, imagesSize } = await diskUsage(room.context);
    const shared = allocated(layer('common'), blob('blob common'));
    const byName = new Map(images.map((image) => [image.names.tags[0], image]));
    const [one, two] = ['one', 'two'].map((name) => byName.get(`docker.io/library/${name}:latest`));
    expect([one?.shared, two?.shared, one?.containers, two?.containers]).toEqual([shared, shared, 2, 0]);
    expect(one?.unique).toBeGreaterThanOrEqual(allocated(layer('own of one'), blob('blob own of one')));
    expect(imagesSize).toBe(shared + (one?.unique ?? 0) + (two?.unique ?? 0));
  });

  it('is what containers have without their snapshots, a file with two names once, and what is in volumes', async () => {
    const { containers, volumes } = await diskUsage(room.context);
    const [a, b] = ['a', 'b'].map((letter) => `containers/${letter.repeat(64)}`);
    const sizes = new Map(containers.map(({ container, size }) => [container.row.name, size]));
    expect(sizes.get('keeper')).toBe(allocated(`${b}`));
    expect(sizes.get('user')).toBe(allocated(`${a}`) - allocated(`${a}/snapshots`));
    expect(volumes.map(({ volume, size }) => [volume.name, size])).toEqual([
      ['unused', allocated('volumes/unused')],
      ['used', allocated('volumes/used')],
    ]);
  });

  it('is much else, each kind by itself', async () => {
    const { other } = await diskUsage(room.context);
    const directories = ['layers', 'blobs', 'blobs/sha256', 'containers', 'volumes'].map(
      (name) => `./${name}`,
    );
    const alone = (path: string) =>
      512 *
      Number(execFileSync('stat', ['-c', '%b', join(room.context.paths.root, path)], { encoding: 'utf8' }));
    const sizes: Record<string, number> = {
      copy: allocated(`${layer('common')}.01234567`),
      snapshots: allocated(`containers/${'a'.repeat(64)}/snapshots`),
      kept: allocated(layer('removed')),
      unnamed: allocated(layer('left'), blob('left'), `containers/${'c'.repeat(64)}`, 'volumes/left'),
      temporary: allocated('tmp'),
      trash: allocated('trash'),
      database: allocated('state.db', 'state.db-wal', 'state.db-shm'),
      events: allocated('events.log', 'events.log.1'),
      helper: allocated('helper'),
      cache: allocated('seccomp', 'idmapped-mounts'),
      directory: ['.', ...directories, 'volumes/elsewhere'].map(alone).reduce((sum, size) => sum + size),
      foreign: allocated("somebody's"),
    };
    // A directory takes no block of a tmpfs.
    const taken = Object.entries(sizes).filter(([, size]) => size > 0);
    expect(Object.fromEntries(other.map(({ kind, size }) => [kind, size]))).toEqual(
      Object.fromEntries(taken),
    );
  });

  it('is summed up as Docker does: what used images share counts as reclaimable', async () => {
    const usage = await diskUsage(room.context);
    const [images, containers, volumes, builds] = summarizeDisk(usage);
    const two = usage.images.find(({ containers: users }) => users === 0);
    expect(images).toMatchObject({ total: 2, active: 1, size: usage.imagesSize });
    expect(images?.reclaimable).toBe((two?.shared ?? 0) + (two?.unique ?? 0));
    expect(containers).toMatchObject({ total: 2, active: 0, reclaimable: containers?.size });
    expect(volumes).toMatchObject({ total: 2, active: 1, reclaimable: allocated('volumes/unused') });
    expect(builds).toEqual({ type: 'Build Cache', total: 0, active: 0, size: 0, reclaimable: 0 });
  });

  it('is told while others make and remove things', async () => {
    const script = `cd "$1" && while :; do mkdir -p layers/x/y containers/z/upper && echo a >layers/x/y/a &&
      echo b >containers/z/log && rm -r layers/x containers/z; echo; done`;
    const other = spawn('sh', ['-c', script, 'sh', room.context.paths.root], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(other.stdout, 'data');
      other.stdout.resume();
      const least = allocated('volumes', 'trash', 'helper');
      for (let time = 0; time < 5; time++)
        expect((await diskUsage(room.context)).total).toBeGreaterThan(least);
    } finally {
      other.kill();
      await once(other, 'close');
    }
  });
});
