import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { LONG } from '../helpers/long.ts';
import { type PlatformIndex, uploadIndex, writePlatformIndex } from '../helpers/platform-index.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { type Store, useStore } from '../helpers/skiff.ts';
import { tar } from '../helpers/tar.ts';

const place = mkdtempSync(join(tmpdir(), 'skiff-killed-'));
const archive = join(place, 'app.tar');
let registry: TestRegistry;
let index: PlatformIndex;

const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const other = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const busybox = useBusybox(store);

const MOMENTS = LONG ? 29 : 6;

/** What the image is called, and what it is: everything that a command makes of it again has these digests. */
const app = { name: '', id: '', layers: '', digest: '' };

/** An image of two layers, one of many small files and one large one. */
beforeAll(async () => {
  registry = await startRegistry();
  app.name = `${registry.host}/team/app:1`;
  const write =
    'head -c 2000000 /dev/urandom > /noise; mkdir /many; i=0; while [ $i -lt 200 ]; do echo $i > /many/$i; i=$((i+1)); done';
  await store.ok(['run', '--name', 'maker', busybox, 'sh', '-c', write]);
  app.id = await store.ok(['commit', 'maker', app.name]);
  app.layers = await layersOf(store, app.name);
  app.digest = digestIn(await store.ok(['push', app.name]));
  await store.ok(['save', '-o', archive, app.name]);
  if (!LONG) return;
  index = writePlatformIndex(join(place, 'index'), (name) => [
    tar({ name, content: randomBytes(1_000_000) }),
    tar({ name: 'common', content: 'common' }),
  ]);
  await uploadIndex(index, { host: registry.host, name: 'team/index', tag: '1' });
});
afterAll(async () => {
  // What the last blow has left.
  await clear(other);
  await registry.stop();
  rmSync(place, { recursive: true, force: true });
});

const layersOf = async ({ ok }: Store, name: string) =>
  await ok(['image', 'inspect', '-f', '{{json .RootFS.Layers}}', name]);
const digestIn = (said: string) => /digest: (sha256:[0-9a-f]{64})/.exec(said)?.[1] ?? '';
const checksum = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

/** Makes a store one without images, and without anything that they have left. */
async function clear({ ok }: Store): Promise<void> {
  await ok(['system', 'prune', '-af']);
}

/** Whatever was killed: every row has what it names, every blob is what it is called. */
async function expectTrue({ skiff }: Store): Promise<void> {
  const { stdout } = await skiff(['system', 'check', '--deep', '--format', 'json']);
  const { isTrue, faults } = JSON.parse(stdout);
  expect([isTrue, faults.filter(({ state }: { state: string }) => state !== 'left')]).toEqual([true, []]);
}

interface Victim {
  /** Whose command it is. */
  store: Store;
  command: () => string[];
  /** Makes a state in which the command has all to do. */
  before: () => Promise<unknown>;
  /** The command again, and what it has to lead to. */
  again: () => Promise<unknown>;
}

const VICTIMS: Record<string, Victim> = {
  pull: {
    store: other,
    before: () => clear(other),
    command: () => ['pull', app.name],
    async again() {
      await other.ok(['pull', '-q', app.name]);
      expect(await other.ok(['images', '--digests', '--no-trunc', '--format', '{{.ID}} {{.Digest}}'])).toBe(
        `${app.id} ${app.digest}`,
      );
    },
  },
  load: {
    store: other,
    before: () => clear(other),
    command: () => ['load', '-i', archive],
    async again() {
      await other.ok(['load', '-q', '-i', archive]);
      expect(await other.ok(['images', '-q', '--no-trunc'])).toBe(app.id);
    },
  },
  save: {
    store,
    before: async () => {},
    command: () => ['save', '-o', join(place, 'again.tar'), app.name],
    async again() {
      await store.ok(['save', '-o', join(place, 'again.tar'), app.name]);
      expect(checksum(join(place, 'again.tar'))).toBe(checksum(archive));
    },
  },
  push: {
    store,
    before: async () => rmSync(join(registry.storage, 'docker'), { recursive: true, force: true }),
    command: () => ['push', app.name],
    async again() {
      expect(digestIn(await store.ok(['push', app.name]))).toBe(app.digest);
    },
  },
  commit: {
    store,
    before: async () => {
      // There is no image of the first name yet, before the first blow.
      await store.skiff(['rmi', 'made:1', app.name]);
      // Garbage goes, and the container that is committed stays.
      await store.ok(['system', 'prune', '-f', '--filter', 'until=9999h']);
    },
    command: () => ['commit', 'maker', 'made:1'],
    async again() {
      await store.ok(['commit', 'maker', 'made:1']);
      expect(await layersOf(store, 'made:1')).toBe(app.layers);
      await store.ok(['load', '-q', '-i', archive]);
    },
  },
  rmi: {
    store: other,
    before: () => other.ok(['load', '-q', '-i', archive]),
    command: () => ['rmi', app.name],
    async again() {
      if ((await other.ok(['images', '-q'])) !== '') await other.ok(['rmi', app.name]);
      expect(await other.ok(['images', '-q'])).toBe('');
    },
  },
  'image prune': {
    store: other,
    before: () => other.ok(['load', '-q', '-i', archive]),
    command: () => ['image', 'prune', '-af'],
    async again() {
      await other.ok(['image', 'prune', '-af']);
      expect(await other.ok(['images', '-q'])).toBe('');
    },
  },
};

/** The usual pull goes the same way, but for what is fetched besides. */
const INDEX_VICTIM: Record<string, Victim> = {
  'pull --all-platforms': {
    store: other,
    before: () => clear(other),
    command: () => ['pull', '--all-platforms', `${registry.host}/team/index:1`],
    async again() {
      await other.ok(['pull', '-q', '--all-platforms', `${registry.host}/team/index:1`]);
      const said = await other.ok(['push', `${registry.host}/team/index:1`]);
      expect([digestIn(said), said]).toEqual([index.digest, expect.not.stringContaining('Pushed')]);
    },
  },
};

describe('SIGKILL at any moment', () => {
  it.each(Object.entries({ ...VICTIMS, ...(LONG && INDEX_VICTIM) }))(
    'of %s leaves a store that is true, and the command can be repeated',
    async (_, victim) => {
      const usual = await duration(victim);
      let hits = 0;
      for (let moment = 0; moment < MOMENTS; moment++) {
        await victim.before();
        if (await strike(victim, (moment / MOMENTS) * usual * 1.1)) hits += 1;
        await expectTrue(victim.store);
        await victim.again();
      }
      expect(hits).toBeGreaterThan(0);
      await expectTrue(victim.store);
    },
  );
});

/** How long the command takes that nobody strikes, in ms. */
async function duration({ store: own, before, command, again }: Victim): Promise<number> {
  await before();
  const begun = performance.now();
  await own.ok(command());
  const taken = performance.now() - begun;
  await again();
  return taken;
}

/** Starts the command and kills it `after` milliseconds; false when it has ended before. */
async function strike({ store: own, command }: Victim, after: number): Promise<boolean> {
  const child = own.start(command());
  // Not to wait for something: each round strikes a little later.
  await new Promise((resume) => setTimeout(resume, after));
  child.kill('SIGKILL');
  return (await child).signal === 'SIGKILL';
}
