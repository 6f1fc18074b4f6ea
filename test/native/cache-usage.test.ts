import { linkSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cacheUsage } from '../../src/engine/build/cache-usage.ts';
import { pruneCache } from '../../src/engine/build/prune-cache.ts';
import { type CacheEntry, insertCacheEntry } from '../../src/engine/store/build-cache.ts';
import { saveImage } from '../../src/engine/store/images.ts';
import { type Digest, digestOf, hexOf } from '../../src/oci/digest.ts';
import { HELPER } from '../helpers/layers.ts';
import { useContext } from '../unit/engine/fixtures.ts';

const store = useContext(HELPER);

const directoryOf = (chainID: Digest) => join(store.context.paths.layers, hexOf(chainID));

/** A row, later ones used later; without a chainID one of a cache mount. */
function addRow(key: Digest, usedAt: number, chainID?: Digest): void {
  const kind: CacheEntry['kind'] = chainID === undefined ? 'mount' : 'copy';
  const layer = chainID && { chainID, diffID: digestOf(`diff ${chainID}`), size: 1, bytes: 1 };
  insertCacheEntry(store.context.database, {
    key,
    kind,
    description: `row ${usedAt}`,
    parts: {},
    layer,
    createdAt: usedAt,
  });
}

function addLayer(name: string, usedAt: number): string {
  const directory = directoryOf(digestOf(name));
  mkdirSync(directory, { recursive: true });
  addRow(digestOf(`key of ${name}`), usedAt, digestOf(name));
  return directory;
}

/** An image of one layer, with its directory. */
function addImage(layer: string): string {
  const config = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [] },
    layer,
  });
  const [id, body] = [digestOf(config), JSON.stringify({ config: { digest: digestOf(config) }, layers: [] })];
  const manifest = { digest: digestOf(body), imageId: id, mediaType: '', body, indexDigest: undefined };
  const image = { id, config, layers: [digestOf(layer)], size: 1, createdAt: 1 };
  saveImage(store.context.database, image, manifest, [`docker.io/library/${layer}:latest`]);
  const directory = directoryOf(digestOf(layer));
  mkdirSync(directory, { recursive: true });
  return directory;
}

describe('a row of the cache that is damaged', () => {
  it.each(['sha256:..', 'sha256:../layers', 'sha256:../../outside', 'sha256:', ''])(
    'goes when all is pruned, and nothing of where its key %j leads',
    async (key) => {
      const outside = join(store.context.paths.root, '../outside');
      mkdirSync(outside, { recursive: true });
      addImage('kept');
      writeFileSync(join(addLayer('one', 1), 'file'), 'x');
      addRow(key as Digest, 2);
      addRow(digestOf('odd'), 3, key as Digest);
      writeFileSync(directoryOf(digestOf('two')), 'a file where a layer was');
      addRow(digestOf('key of two'), 4, digestOf('two'));
      expect(await cacheUsage(store.context)).toHaveLength(4);
      expect((await pruneCache(store.context, { all: true })).deleted).toHaveLength(4);
      expect(readdirSync(outside)).toEqual([]);
      expect(readdirSync(store.context.paths.layers)).toEqual([hexOf(digestOf('kept'))]);
    },
  );
});

describe('what the cache takes', () => {
  const MIB = 1 << 20;
  const sizes = async () =>
    Object.fromEntries(
      (await cacheUsage(store.context)).map(({ entry, size }) => [entry.description, Math.floor(size / MIB)]),
    );

  function file(directory: string, name: string): string {
    const path = join(directory, name);
    writeFileSync(path, Buffer.alloc(MIB, 'x'));
    return path;
  }

  it('is what would be free: each file once, nothing that others keep, a layer for the last of its rows', async () => {
    const common = file(addLayer('one', 1), 'common');
    linkSync(common, join(addLayer('two', 2), 'common'));
    linkSync(file(addImage('kept'), 'file'), join(addLayer('three', 3), 'of an image'));
    file(addLayer('four', 4), 'file');
    addRow(digestOf('another key'), 5, digestOf('four'));
    addRow(digestOf('of the image'), 6, digestOf('kept'));
    expect(await sizes()).toEqual({ 'row 1': 0, 'row 2': 1, 'row 3': 0, 'row 4': 0, 'row 5': 1, 'row 6': 1 });
    const one = await pruneCache(store.context, { all: false, id: digestOf('another key') });
    expect([one.deleted.length, one.reclaimed]).toEqual([1, 0]);
    const rest = await pruneCache(store.context, { all: true });
    expect([rest.deleted.length, Math.floor(rest.reclaimed / MIB)]).toEqual([5, 2]);
  });
});
