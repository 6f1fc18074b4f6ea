import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { LONG } from '../helpers/long.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { printed, useStore } from '../helpers/skiff.ts';

const place = mkdtempSync(join(tmpdir(), 'skiff-full-'));
const archive = join(place, 'app.tar');
const tree = join(place, 'tree.tar');
let registry: TestRegistry;

/** Lives in a mount namespace of its own, where the store is on a small disk. */
let keeper: ChildProcess;
const inside = () => ['nsenter', '-m', '-t', String(keeper.pid), '--'];

const store = useStore(
  () => ({ env: { SKIFF_NETWORK: 'none' }, through: inside() }),
  async () => {
    keeper.kill('SIGKILL');
    await once(keeper, 'exit');
  },
);
const busybox = useBusybox(store);

const MOMENTS = LONG ? 13 : 4;
const app = { name: '', id: '', layers: '', digest: '' };

beforeAll(async () => {
  const script = `mkdir $1 && mount -t tmpfs -o size=1g skiff-test $1 && cp -a $0/. $1 && mount --move $1 $0 && rmdir $1 &&
    echo ready && exec sleep infinity`;
  const command = ['unshare', '-m', 'sh', '-c', script, store.root, join(place, 'disk')];
  keeper = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
  await printed(keeper as ChildProcess & { stdout: NodeJS.ReadableStream }, 'ready');
  registry = await startRegistry();
  app.name = `${registry.host}/team/app:1`;
  const write = 'head -c 3000000 /dev/urandom > /noise';
  await store.ok(['run', '--name', 'maker', busybox, 'sh', '-c', write]);
  app.id = await store.ok(['commit', 'maker', app.name]);
  app.layers = await layers(app.name);
  app.digest = digestIn(await store.ok(['push', app.name]));
  await store.ok(['save', '-o', archive, app.name]);
  await store.ok(['export', '-o', tree, 'maker']);
});
afterAll(async () => {
  await registry.stop();
  rmSync(place, { recursive: true, force: true });
});

const layers = async (name: string) =>
  await store.ok(['image', 'inspect', '-f', '{{json .RootFS.Layers}}', name]);
const digestIn = (said: string) => /digest: (sha256:[0-9a-f]{64})/.exec(said)?.[1] ?? '';

const checksum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

function atDisk(command: string, ...args: string[]): string {
  const [nsenter = '', ...words] = inside();
  return execFileSync(nsenter, [...words, command, ...args], { encoding: 'utf8' });
}

/** Bytes that are taken on the store's disk. */
const used = () => Number(atDisk('df', '--output=used', '-B1', store.root).split('\n')[1]);
const limit = (bytes: number) => atDisk('mount', '-o', `remount,size=${bytes}`, store.root);
const ROOM = 1024 ** 3;

/** Without the image and whatever only it had; the container that it was made of stays. */
async function withoutImage(): Promise<void> {
  const images = (await store.ok(['images', '-q', '--no-trunc'])).split('\n');
  if (images.includes(app.id)) await store.ok(['rmi', '-f', app.id]);
  await store.skiff(['rmi', 'made:1']);
  await store.ok(['system', 'prune', '-f', '--filter', 'until=9999h']);
}

interface Victim {
  prepare: () => Promise<unknown>;
  command: string[];
  /** What it has to lead to once there is room. */
  expected: () => Promise<unknown>;
}

const VICTIMS: Record<string, () => Victim> = {
  pull: () => ({
    prepare: withoutImage,
    command: ['pull', app.name],
    expected: async () => expect(await store.ok(['images', '-q', '--no-trunc', app.name])).toBe(app.id),
  }),
  load: () => ({
    prepare: withoutImage,
    command: ['load', '-i', archive],
    expected: async () => expect(await store.ok(['images', '-q', '--no-trunc', app.name])).toBe(app.id),
  }),
  commit: () => ({
    prepare: withoutImage,
    command: ['commit', 'maker', 'made:1'],
    expected: async () => expect(await layers('made:1')).toBe(app.layers),
  }),
  import: () => ({
    prepare: withoutImage,
    command: ['import', tree, 'made:1'],
    expected: async () =>
      expect(JSON.parse(await layers('made:1'))).toEqual([`sha256:${checksum(readFileSync(tree))}`]),
  }),
  save: () => ({
    async prepare() {
      await withoutImage();
      await store.ok(['load', '-q', '-i', archive]);
      atDisk('rm', '-f', join(store.root, 'saved.tar'));
    },
    command: ['save', '-o', join(store.root, 'saved.tar'), app.name],
    async expected() {
      const saved = atDisk('sha256sum', join(store.root, 'saved.tar')).split(' ')[0];
      expect(saved).toBe(checksum(readFileSync(archive)));
      atDisk('rm', join(store.root, 'saved.tar'));
    },
  }),
  push: () => ({
    async prepare() {
      await withoutImage();
      await store.ok(['commit', 'maker', 'made:1']);
      await store.ok(['tag', 'made:1', `${registry.host}/team/made:1`]);
      rmSync(join(registry.storage, 'docker'), { recursive: true, force: true });
    },
    command: ['push', `${registry.host}/team/made:1`],
    async expected() {
      expect(await layers(`${registry.host}/team/made:1`)).toBe(app.layers);
      await store.ok(['rmi', `${registry.host}/team/made:1`]);
    },
  }),
};

describe('a disk that is full', () => {
  it.each(Object.entries(VICTIMS))(
    'ends %s with an error that says so, and leaves nothing that is wrong',
    async (_, victimOf) => {
      const { prepare, command, expected } = victimOf();
      await prepare();
      const begin = used();
      await store.ok(command);
      const wanted = used() - begin;
      await expected();
      for (let moment = 0; moment < MOMENTS; moment++) {
        await prepare();
        limit(used() + Math.floor((moment / MOMENTS) * wanted));
        const { code, stderr } = await store.skiff(command);
        limit(ROOM);
        expect([code, stderr]).toEqual([
          125,
          expect.stringMatching(/^skiff: (?!unexpected).*no space left on device/),
        ]);
        const { isTrue, faults } = JSON.parse(
          (await store.skiff(['system', 'check', '--deep', '--format', 'json'])).stdout,
        );
        if (command[0] === 'save') expect(atDisk('ls', store.root)).not.toContain('saved.tar');
        // Whole layers and blobs wait for the command to be repeated; what could not be written are ends of leases, void now.
        const topics = faults.map(
          ({ state, topic }: { state: string; topic: string }) => `${state} ${topic}`,
        );
        expect([isTrue, topics.filter((topic: string) => !/^left (blob|layer|lease)$/.test(topic))]).toEqual([
          true,
          [],
        ]);
        await store.ok(command);
        await expected();
      }
    },
  );
});
