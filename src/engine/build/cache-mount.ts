import { chmodSync, chownSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { RunMount } from '../../build/stages/step.ts';
import { EngineError } from '../../errors.ts';
import { withLock } from '../../host/lock.ts';
import { type Digest, digestOf, hexOf } from '../../oci/digest.ts';
import { copyTree } from '../../storage/archive/copy.ts';
import { type Lease, leasedResources, takeLease } from '../store/blob-leases.ts';
import { cacheEntry, insertCacheEntry, touchCacheEntries } from '../store/build-cache.ts';
import type { Context } from '../store/context.ts';
import { contentOf, lowersOf } from './bind-mount.ts';
import type { Build } from './build.ts';
import type { HeldMount } from './held-mount.ts';
import { sourceFiles } from './sources.ts';
import { layersTree } from './tree.ts';

type Cache = RunMount & { type: 'cache' };

/** What of a cache mount decides what a step makes: not what is in it. */
export async function cachePart(build: Build, mount: Cache): Promise<unknown> {
  const { type, id, target, readOnly, source, from } = mount;
  if (from === undefined) return { type, id, target, readOnly };
  const content = await contentOf(build, await sourceFiles(build, from), source);
  return { type, id, target, readOnly, source, content };
}

/**
 * Mounts a directory that outlives the build. One that is `private` is another directory of the same id when somebody has
 * that. While it is mounted nobody removes it.
 */
export async function cacheMount(build: Build, mount: Cache): Promise<HeldMount> {
  const { path, release } = await takeDirectory(build, mount);
  const { target: destination, readOnly } = mount;
  return {
    mounts: () => [
      {
        type: 'bind',
        source: path,
        destination,
        recursive: false,
        readOnly: readOnly ? 'deep' : 'no',
        propagation: 'rprivate',
      },
    ],
    release: async () => release(),
  };
}

/**
 * Holds the locks of those caches of a step that are `locked`, until what is returned is called: nobody else who locks
 * one of them has it meanwhile. They are taken in the order of their ids, each once, so that no two steps wait for each
 * other. Throws `cancelled`.
 */
export async function lockCaches(build: Build, mounts: readonly RunMount[]): Promise<() => Promise<void>> {
  const { context, signal } = build.parts;
  const ids = mounts.flatMap((mount) =>
    mount.type === 'cache' && mount.sharing === 'locked' ? [mount.id] : [],
  );
  const held: (() => Promise<void>)[] = [];
  const release = async () => {
    for (const free of held.toReversed()) await free();
  };
  try {
    for (const id of [...new Set(ids)].sort()) held.push(await heldLock(context, id, signal));
  } catch (error) {
    await release();
    throw error;
  }
  return release;
}

/** Holds the lock of an id until what is returned is called. */
async function heldLock(context: Context, id: string, signal: AbortSignal): Promise<() => Promise<void>> {
  const file = join(context.paths.locks, `cache-${hexOf(digestOf(id))}`);
  const { promise: done, resolve: letGo } = Promise.withResolvers<void>();
  const { promise: held, resolve: have, reject } = Promise.withResolvers<void>();
  const whole = withLock(
    context.helper,
    file,
    async () => {
      have();
      await done;
    },
    { signal },
  );
  whole.catch(reject);
  await held;
  return async () => {
    letGo();
    await whole;
  };
}

interface TakenDirectory {
  path: string;
  release: () => void;
}

/** More of one id than this are never in use at the same time. */
const PRIVATE_MAX = 1000;

/** The directory, made if it has to be, with a lease of its own: it is void when this process is gone. */
async function takeDirectory(build: Build, mount: Cache): Promise<TakenDirectory> {
  const { context } = build.parts;
  for (let copy = 0; copy < PRIVATE_MAX; copy += 1) {
    const key = cacheMountKey(mount.id, copy);
    const lease = leaseOf(context, key, mount.sharing === 'private');
    if (lease === undefined) continue;
    const path = join(context.paths.buildCaches, hexOf(key));
    try {
      if (!existsSync(path)) await makeDirectory(build, mount, path);
      noteUse(context, key, mount);
      return { path, release: () => lease.release() };
    } catch (error) {
      lease.release();
      throw error;
    }
  }
  throw new EngineError('unavailable', `the cache ${mount.id} is in use too often`, { subject: mount.id });
}

/** The name of the directory of a cache mount. */
export function cacheMountKey(id: string, copy = 0): Digest {
  return digestOf(copy === 0 ? id : `${id}\0${copy}`);
}

function leaseOf({ database }: Context, key: Digest, alone: boolean): Lease | undefined {
  if (!alone) return takeLease(database, [key]);
  const lease = takeLease(database, []);
  const isOurs = database.transaction(() => {
    if (leasedResources(database).has(key)) return false;
    lease.add([key]);
    return true;
  });
  return isOurs ? lease : undefined;
}

/** In a place of its own first, as somebody else may make it at the same moment. */
async function makeDirectory(build: Build, mount: Cache, path: string): Promise<void> {
  const { context, signal } = build.parts;
  const { from: content, source, mode, uid, gid } = mount;
  const draft = join(build.directory(), 'cache');
  mkdirSync(draft, { mode: 0o700 });
  if (content !== undefined) {
    const lowers = await lowersOf(build, await sourceFiles(build, content), source);
    const inside = source.replace(/^\/+|\/+$/g, '');
    const root = layersTree(lowers, build.directory());
    const [from, to] = [
      { root, path: `/${inside}` },
      { root: `dir:${draft}`, path: '/' },
    ];
    await copyTree(context.helper, { from, to, name: '.', follow: true }, { signal });
  }
  chownSync(draft, uid, gid);
  chmodSync(draft, mode & 0o7777);
  mkdirSync(context.paths.buildCaches, { recursive: true, mode: 0o700 });
  try {
    renameSync(draft, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

function noteUse({ database }: Context, key: Digest, { id, target }: Cache): void {
  database.transaction(() => {
    if (cacheEntry(database, key) === undefined)
      insertCacheEntry(database, {
        key,
        kind: 'mount',
        description: `cached mount ${target} with id ${JSON.stringify(id)}`,
        parts: { id },
        layer: undefined,
        createdAt: Date.now(),
      });
    touchCacheEntries(database, [key], Date.now());
  });
}
