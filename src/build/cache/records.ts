import { EngineError } from '../../errors.ts';
import { canonicalJson } from '../../oci/canonical-json.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, parseDigest } from '../../oci/digest.ts';
import { asCount, asList, asObject, asString, optional, parseJson } from '../../oci/json.ts';
import { ociLayerType } from '../../oci/manifest.ts';

/** What a step has made, as a cache that is passed on says it (CACHE.md). */
export interface CacheRecord {
  /** All by which the step is found: first its own, by which a store has it. */
  keys: readonly Digest[];
  /** ms since the epoch: when it was done. */
  createdAt: number;
  /** Undefined: it has changed nothing. */
  layer: RecordedLayer | undefined;
}

export interface RecordedLayer {
  diffID: Digest;
  /** Bytes of its archive. */
  size: number;
  /** The blob that it can be had as. */
  blob: Descriptor;
}

/** The largest document of records that is read, in bytes. */
export const RECORDS_LIMIT = 8 * 1024 * 1024;
const MOST_RECORDS = 20_000;
const MOST_KEYS = 8;
const VERSION = 1;
/** ms since the epoch: the end of the year 9999. */
const LATEST = 253_402_300_799_999;

/**
 * Writes records, and names the blobs of their layers in the order in which the document counts them, each once. The same
 * records give the same bytes.
 */
export function writeRecords(records: readonly CacheRecord[]): { bytes: Uint8Array; blobs: Descriptor[] } {
  const sorted = [...records].sort((one, other) => (`${one.keys[0]}` < `${other.keys[0]}` ? -1 : 1));
  const layers = new Map<Digest, RecordedLayer>();
  for (const { layer } of sorted) if (layer !== undefined) layers.set(layer.diffID, layer);
  const order = [...layers.keys()];
  const bytes = canonicalJson({
    version: VERSION,
    layers: [...layers.values()].map(({ diffID, size }) => ({ diffID, size })),
    records: sorted.map(({ keys, createdAt, layer }) => ({
      keys: [...keys.slice(0, 1), ...keys.slice(1).sort()],
      createdAt,
      layer: layer === undefined ? undefined : order.indexOf(layer.diffID),
    })),
  });
  return { bytes, blobs: [...layers.values()].map(({ blob }) => blob) };
}

/**
 * Reads records; `blobOf` says which blob a layer of the document can be had as, by its place in it and its diffID. Throws
 * `invalid` for a document that is malformed, too large, or contradicts itself, `unsupported` for one of another version.
 */
export function readRecords(
  bytes: Uint8Array,
  blobOf: (index: number, diffID: Digest) => Descriptor | undefined,
): CacheRecord[] {
  if (bytes.length > RECORDS_LIMIT)
    throw new EngineError('invalid', `its records are longer than ${RECORDS_LIMIT} bytes`);
  const document = asObject(parseJson(bytes, 'its list of records'), 'its list of records');
  const version = asCount(document.version, 'version');
  if (version !== VERSION)
    throw new EngineError('unsupported', `its records are of version ${version}`, {
      hint: `version ${VERSION} is known here`,
    });
  const layers = asList(document.layers, 'layers', readLayer).map(({ diffID, size }, index) => {
    const blob = blobOf(index, diffID);
    return { diffID, size, blob: requireArchive(blob, diffID) };
  });
  const records = asList(document.records, 'records', (value, what) => readRecord(value, what, layers));
  if (records.length > MOST_RECORDS)
    throw new EngineError('invalid', `it has more than ${MOST_RECORDS} records`);
  return records;
}

function readLayer(value: unknown, what: string): { diffID: Digest; size: number } {
  const { diffID, size } = asObject(value, what);
  return {
    diffID: parseDigest(asString(diffID, `${what}.diffID`), `${what}.diffID`),
    size: asCount(size, `${what}.size`),
  };
}

function requireArchive(blob: Descriptor | undefined, diffID: Digest): Descriptor {
  if (blob === undefined)
    throw new EngineError('invalid', `it does not say where layer ${diffID} is`, { subject: diffID });
  const mediaType = ociLayerType(blob.mediaType);
  if (mediaType !== undefined) return { ...blob, mediaType };
  throw new EngineError('unsupported', `layer ${diffID} has the media type "${blob.mediaType}"`, {
    subject: diffID,
  });
}

function readRecord(value: unknown, what: string, layers: readonly RecordedLayer[]): CacheRecord {
  const member = asObject(value, what);
  const keys = asList(member.keys, `${what}.keys`, (key, name) => parseDigest(asString(key, name), name));
  if (keys.length === 0 || keys.length > MOST_KEYS)
    throw new EngineError('invalid', `${what} has ${keys.length} keys`);
  const createdAt = asCount(member.createdAt, `${what}.createdAt`);
  if (createdAt > LATEST) throw new EngineError('invalid', `${what}.createdAt is no time`);
  const index = optional(member.layer, `${what}.layer`, asCount);
  const layer = index === undefined ? undefined : layers[index];
  if (index !== undefined && layer === undefined)
    throw new EngineError('invalid', `${what} has the layer ${index} of ${layers.length}`);
  return { keys, createdAt, layer };
}
