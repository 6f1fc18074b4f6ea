import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keyOf, StepCache, type StepKey } from '../../../../src/engine/build/cache.ts';
import { knownDownload, noteDownload } from '../../../../src/engine/build/known-downloads.ts';
import { type Lease, takeLease } from '../../../../src/engine/store/blob-leases.ts';
import { cacheEntry } from '../../../../src/engine/store/build-cache.ts';
import { unnamed } from '../../../../src/engine/store/garbage.ts';
import { digestOf, hexOf } from '../../../../src/oci/digest.ts';
import { LayerStore } from '../../../../src/storage/layer/store.ts';
import { useContext } from '../fixtures.ts';

const store = useContext();

const STEP: StepKey = {
  kind: 'run',
  description: 'RUN make',
  parts: { below: null, command: ['make'], environment: ['A=1'], user: undefined },
};
const LAYER = { chainID: digestOf('chain'), diffID: digestOf('diff'), size: 10, bytes: 7 };

const layersOf = () =>
  new LayerStore({
    layers: store.context.paths.layers,
    tmp: () => join(store.directory, 'tmp'),
    isWhole: async () => false,
  });

function withCache<T>(body: (cache: StepCache, lease: Lease) => T): T {
  using lease = takeLease(store.context.database, []);
  return body(new StepCache(store.context, layersOf(), lease), lease);
}

function keep(step: StepKey, layer = LAYER): void {
  const upper = join(store.directory, 'upper');
  mkdirSync(upper, { recursive: true });
  withCache((cache) => cache.keep({ ...step, key: keyOf(step) }, { layer, createdAt: 5 }, upper));
}

const find = (step: StepKey) => withCache((cache) => cache.find(keyOf(step)));

describe('the key of a step', () => {
  it('goes by its parts, whatever their order and the words of the instruction', () => {
    const { command, environment, below } = STEP.parts;
    expect(keyOf({ kind: 'run', parts: { environment, command, below } })).toBe(keyOf(STEP));
    expect(keyOf({ ...STEP, description: 'RUN  make' } as StepKey)).toBe(keyOf(STEP));
  });

  it('is another one when a part is', () => {
    const others = [
      { ...STEP, kind: 'copy' as const },
      { ...STEP, parts: { ...STEP.parts, environment: ['A=2'] } },
      { ...STEP, parts: { ...STEP.parts, below: digestOf('x') } },
      { ...STEP, parts: { ...STEP.parts, user: '1' } },
    ];
    expect(new Set([STEP, ...others].map(keyOf)).size).toBe(5);
  });
});

describe('the cache of builds', () => {
  it('has what a step has made, and that it made nothing', () => {
    expect(find(STEP)).toBe(undefined);
    keep(STEP);
    expect(find(STEP)).toEqual({ layer: LAYER, createdAt: 5 });
    const idle = { ...STEP, parts: { command: ['true'] } };
    withCache((cache) => cache.keep({ ...idle, key: keyOf(idle) }, { layer: undefined, createdAt: 6 }, ''));
    expect(find(idle)).toEqual({ layer: undefined, createdAt: 6 });
  });

  it('finds what was made on other layers by the very same instruction, as long as that is there', () => {
    const on = (below: string, parts: StepKey['parts'] = {}) => ({
      ...STEP,
      parts: { ...STEP.parts, ...parts, below: digestOf(below) },
    });
    const findOnOthers = (step: StepKey) => withCache((cache) => cache.findOnOthers(step));
    expect(findOnOthers(on('one'))).toBe(undefined);
    keep(on('one'));
    expect(findOnOthers(on('other'))).toEqual({ layer: LAYER, createdAt: 5 });
    expect(findOnOthers(on('other', { user: '1' }))).toBe(undefined);
    expect(findOnOthers({ ...on('other'), description: 'RUN other' })).toBe(undefined);
    rmSync(join(store.context.paths.layers, hexOf(LAYER.chainID)), { recursive: true });
    expect(findOnOthers(on('other'))).toBe(undefined);
  });

  it('does not have what a step has made once its layer is gone', () => {
    keep(STEP);
    rmSync(join(store.context.paths.layers, hexOf(LAYER.chainID)), { recursive: true });
    expect(find(STEP)).toBe(undefined);
  });

  it('keeps its layers from being collected', () => {
    keep(STEP);
    mkdirSync(join(store.context.paths.layers, hexOf(digestOf('nobody'))), { recursive: true });
    expect(unnamed(store.context).layers).toEqual([hexOf(digestOf('nobody'))]);
  });

  it('counts how often, and notes when, something was used, when a build ends', () => {
    keep(STEP);
    withCache((cache) => {
      cache.find(keyOf(STEP));
      cache.close();
    });
    const entry = cacheEntry(store.context.database, keyOf(STEP));
    expect(entry).toMatchObject({ uses: 1, createdAt: 5 });
    expect(entry?.usedAt).toBeGreaterThan(5);
  });

  it.each(['{nonsense', 'null', '1', '[]'])(
    'goes by keys alone where %s is what is left of the parts',
    (parts) => {
      keep(STEP);
      store.context.database.run('UPDATE build_cache SET parts = ?', parts);
      expect(find(STEP)).toEqual({ layer: LAYER, createdAt: 5 });
      const other = { ...STEP, parts: { ...STEP.parts, below: digestOf('other') } };
      withCache((cache) => {
        expect(cache.findOnOthers(other)).toBe(undefined);
        expect(cache.difference(other)).toEqual([]);
      });
      const words = {
        url: new URL('http://server.example/a'),
        name: 'a',
        step: { checksum: 'sha256:0', chmod: undefined, unpack: undefined },
        owner: { uid: 0, gid: 0 },
      };
      noteDownload(store.context, words, {
        content: { kind: 'files', digest: digestOf('content'), entries: 1, bytes: 1 },
        validators: { etag: undefined, modified: undefined },
      });
      expect(knownDownload(store.context, words)?.content.digest).toBe(digestOf('content'));
      store.context.database.run('UPDATE build_cache SET parts = ?', parts);
      expect(knownDownload(store.context, words)).toBe(undefined);
    },
  );

  it('says in what a step differs from the one of the same instruction that differs least', () => {
    const difference = (parts: StepKey['parts'], description = 'RUN make') =>
      withCache((cache) => cache.difference({ kind: 'run', description, parts }));
    expect(difference(STEP.parts)).toEqual([]);
    keep(STEP);
    keep({ ...STEP, parts: { ...STEP.parts, below: digestOf('1'), user: '7' } });
    expect(difference({ ...STEP.parts, environment: [] })).toEqual(['environment']);
    expect(difference({ ...STEP.parts, user: '7', below: digestOf('2') })).toEqual(['below']);
    expect(difference({ ...STEP.parts, environment: [] }, 'RUN make all')).toEqual([]);
  });
});
