import { describe, expect, it } from 'vitest';
import { readCacheManifest, writeCacheManifest } from '../../../../src/build/cache/manifest.ts';
import {
  type CacheRecord,
  RECORDS_LIMIT,
  type RecordedLayer,
  readRecords,
  writeRecords,
} from '../../../../src/build/cache/records.ts';
import { MediaType } from '../../../../src/oci/descriptor.ts';
import { digestOf } from '../../../../src/oci/digest.ts';

const layer = (name: string): RecordedLayer => ({
  diffID: digestOf(`${name} archive`),
  size: 2048,
  blob: { mediaType: MediaType.ociLayerGzip, digest: digestOf(`${name} blob`), size: 99 },
});
const record = (name: string, more: Partial<CacheRecord> = {}): CacheRecord => ({
  keys: [digestOf(name)],
  createdAt: 1000,
  layer: layer(name),
  ...more,
});

const RECORDS = [record('one'), record('two', { keys: [digestOf('two'), digestOf('2')] })];
const IDLE = record('idle', { layer: undefined });

/** What is read of a document that was written by somebody else. */
const read = (document: unknown, blobs = [layer('one').blob]) =>
  readRecords(Buffer.from(JSON.stringify(document)), (index) => blobs[index]);
const LAYERS = [{ diffID: layer('one').diffID, size: 5 }];

describe('the records of a cache', () => {
  it('are read as they were written, whatever their order was', () => {
    const { bytes, blobs } = writeRecords([...RECORDS, IDLE]);
    const again = readRecords(bytes, (index) => blobs[index]);
    const byKey = (one: CacheRecord, other: CacheRecord) => (`${one.keys[0]}` < `${other.keys[0]}` ? -1 : 1);
    expect(again.sort(byKey)).toEqual([...RECORDS, { ...IDLE, layer: undefined }].sort(byKey));
    expect(writeRecords([IDLE, ...RECORDS.toReversed()])).toEqual({ bytes, blobs });
  });

  it('name a layer once that several of them have', () => {
    const twins = [record('a', { layer: layer('same') }), record('b', { layer: layer('same') })];
    expect(writeRecords(twins).blobs).toEqual([layer('same').blob]);
  });

  it('say nothing of commands, variables and files', () => {
    const text = Buffer.from(writeRecords(RECORDS).bytes).toString();
    expect(Object.keys(JSON.parse(text).records[0]).sort()).toEqual(['createdAt', 'keys', 'layer']);
  });

  it.each([
    ['no JSON', '{', 'is not JSON'],
    ['a list', '[]', 'must be an object'],
    ['another version', '{"version":2}', 'version 2'],
    ['no layers', '{"version":1,"records":[]}', 'layers must be a list'],
  ])('are refused as %s', (_, text, message) => {
    expect(() => readRecords(Buffer.from(text), () => undefined)).toThrow(message);
  });

  it.each([
    ['without a key', { keys: [], createdAt: 1 }, 'has 0 keys'],
    ['with a thousand keys', { keys: Array(1000).fill(digestOf('')), createdAt: 1 }, 'has 1000 keys'],
    ['with a key that is a path', { keys: ['../../etc'], createdAt: 1 }, 'is not a sha256 digest'],
    ['of a time that is none', { keys: [digestOf('')], createdAt: 1e15 }, 'is no time'],
    ['of a time before all times', { keys: [digestOf('')], createdAt: -1 }, 'whole number of 0 or more'],
    ['of a layer that is not there', { keys: [digestOf('')], createdAt: 1, layer: 1 }, 'the layer 1 of 1'],
  ])('are refused with one %s', (_, value, message) => {
    expect(() => read({ version: 1, layers: LAYERS, records: [value] })).toThrow(message);
  });

  it('are refused when a layer is no archive, nowhere, or no digest', () => {
    const odd = { ...layer('one').blob, mediaType: 'text/plain' };
    expect(() => read({ version: 1, layers: LAYERS, records: [] }, [odd])).toThrow('media type "text/plain"');
    expect(() => read({ version: 1, layers: LAYERS, records: [] }, [])).toThrow('does not say where');
    const wrong = [{ diffID: 'sha256:../x', size: 5 }];
    expect(() => read({ version: 1, layers: wrong, records: [] })).toThrow('is not a sha256 digest');
  });

  it('are refused when there are too many', () => {
    const many = Array(20_001).fill({ keys: [digestOf('')], createdAt: 1 });
    expect(() => read({ version: 1, layers: [], records: many })).toThrow('more than 20000 records');
    expect(() => readRecords(Buffer.alloc(RECORDS_LIMIT + 1), () => undefined)).toThrow('longer than');
  });
});

describe('the manifest of a cache', () => {
  const { bytes, blobs } = writeRecords(RECORDS);
  const written = writeCacheManifest(bytes, blobs);
  const changed = (change: object) =>
    readCacheManifest(
      Buffer.from(JSON.stringify({ ...JSON.parse(`${Buffer.from(written.bytes)}`), ...change })),
    );

  it('leads to the records and names the blobs of their layers', () => {
    expect(readCacheManifest(written.bytes)).toEqual({
      records: { mediaType: written.config.mediaType, digest: digestOf(bytes), size: bytes.length },
      layers: blobs,
    });
  });

  it('is none when it says nothing of a cache', () => {
    expect(changed({ artifactType: undefined })).toBe(undefined);
  });

  it('is refused as one of BuildKit, which has other keys', () => {
    const config = { ...written.config, mediaType: 'application/vnd.buildkit.cacheconfig.v0' };
    expect(() => changed({ config })).toThrow('a cache of BuildKit');
    expect(() => changed({ config: undefined, layers: undefined, manifests: [config] })).toThrow('BuildKit');
  });

  it('is refused when its records would be too long, or are of another type', () => {
    expect(() => changed({ config: { ...written.config, size: RECORDS_LIMIT + 1 } })).toThrow('longer than');
    expect(() => changed({ config: { ...written.config, mediaType: 'text/plain' } })).toThrow('"text/plain"');
  });
});
