import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CacheRecord } from '../../../../src/build/cache/records.ts';
import { chainWith } from '../../../../src/engine/build/built-stage.ts';
import { keyOf, StepCache, type StepKey } from '../../../../src/engine/build/cache.ts';
import { ImportedCaches } from '../../../../src/engine/build/imported-caches.ts';
import type { OpenedCache } from '../../../../src/engine/build/open-cache.ts';
import { Tasks } from '../../../../src/engine/build/progress.ts';
import { takeLease } from '../../../../src/engine/store/blob-leases.ts';
import { cacheEntries } from '../../../../src/engine/store/build-cache.ts';
import { MediaType } from '../../../../src/oci/descriptor.ts';
import { digestOf, hexOf } from '../../../../src/oci/digest.ts';
import { BlobStore } from '../../../../src/storage/blob-store.ts';
import { LayerStore } from '../../../../src/storage/layer/store.ts';
import { useContext } from '../fixtures.ts';

const store = useContext();
const below = digestOf('below');
const STEP: StepKey = { kind: 'run', description: 'RUN make', parts: { below, command: ['make'] } };
const SOURCE: StepKey = { ...STEP, kind: 'copy', parts: { below, from: 'stage' } };

const layer = (name: string) => ({
  diffID: digestOf(name),
  size: 10,
  blob: { mediaType: MediaType.ociLayerGzip, digest: digestOf(`${name} blob`), size: 5 },
});
const record = (keys: CacheRecord['keys'], made: CacheRecord['layer']): CacheRecord => ({
  keys,
  createdAt: 7,
  layer: made,
});
const cacheOf = (name: string, records: readonly CacheRecord[]): OpenedCache => ({
  name,
  records,
  open: () => {
    throw new Error('nothing is to be fetched');
  },
  refuse: () => false,
});

function withImports<T>(caches: readonly OpenedCache[], body: (imports: ImportedCaches) => T): T {
  const { context, directory } = store;
  const tmp = () => join(directory, 'tmp');
  const blobs = new BlobStore({ blobs: context.paths.blobs, tmp });
  const layers = new LayerStore({ layers: context.paths.layers, tmp, isWhole: async () => false });
  const nothing = () => {};
  const tasks = new Tasks({
    begin: nothing,
    output: nothing,
    note: nothing,
    miss: nothing,
    end: nothing,
    warn: nothing,
  });
  using lease = takeLease(context.database, []);
  const cache = new StepCache(context, layers, lease);
  const workspace = { blobs, layers, tmp };
  const { signal } = new AbortController();
  return body(new ImportedCaches({ context, workspace, cache, lease, tasks, signal }, caches));
}

const rows = () => cacheEntries(store.context.database).map(({ key, layer: made }) => [key, made?.diffID]);

describe('the caches of others', () => {
  it('have what their records say, on the layers that this build has, and the first that has it is asked', () => {
    const caches = [
      cacheOf('one', [record([digestOf('else')], layer('x'))]),
      cacheOf('two', [record([keyOf(STEP)], layer('made'))]),
      cacheOf('three', [record([keyOf(STEP)], layer('lie'))]),
    ];
    const { diffID } = layer('made');
    const made = { chainID: chainWith(below, diffID), diffID, size: 10, bytes: 0 };
    withImports(caches, (imports) => {
      expect(imports.find({ ...STEP, parts: { ...STEP.parts, command: ['x'] } })).toBe(undefined);
      expect(imports.find(STEP)).toEqual({
        result: { layer: made, createdAt: 7 },
        keys: [keyOf(STEP)],
        from: 'two',
      });
    });
    expect(rows()).toEqual([]);
  });

  it("become the store's own of a step that changed nothing, or whose layer is here", () => {
    const idle = { ...STEP, parts: { below, command: ['true'] } };
    const { diffID } = layer('made');
    mkdirSync(join(store.context.paths.layers, hexOf(chainWith(below, diffID))), { recursive: true });
    const caches = [cacheOf('one', [record([keyOf(STEP)], layer('made')), record([keyOf(idle)], undefined)])];
    withImports(caches, (imports) => {
      imports.find(STEP);
      imports.find(idle);
    });
    expect(rows().sort()).toEqual(
      [
        [keyOf(STEP), diffID],
        [keyOf(idle), undefined],
      ].sort(),
    );
  });

  it('say the own key of a step that was found by where its files come from', () => {
    const own = digestOf('own key');
    withImports([cacheOf('one', [record([own, keyOf(SOURCE)], undefined)])], (imports) => {
      expect(imports.find(SOURCE, false)?.keys).toEqual([own, keyOf(SOURCE)]);
    });
    expect(rows()).toEqual([[own, undefined]]);
  });
});
