import { EngineError } from '../../errors.ts';
import { canonicalJson } from '../../oci/canonical-json.ts';
import { type Descriptor, MediaType } from '../../oci/descriptor.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import { asList, asObject, asString, type JsonObject, optional, parseJson } from '../../oci/json.ts';
import { readDescriptor } from '../../oci/manifest.ts';
import { RECORDS_LIMIT } from './records.ts';

/** What a manifest calls itself that is a cache of builds (OCI image spec, manifest.md, "artifactType"). */
export const CACHE_TYPE = 'application/vnd.skiff.build-cache.v1';
const RECORDS_TYPE = 'application/vnd.skiff.build-cache.records.v1+json';

/** The annotation of an image's manifest with the records of the steps that made its layers. */
export const INLINE_ANNOTATION = 'vnd.skiff.build-cache.v1';

/** That of caches which BuildKit writes: in a list of its own form, or as an image's manifest. */
const BUILDKIT = 'application/vnd.buildkit.cacheconfig.v0';

/** A manifest whose config is the document of records, and whose layers are theirs. */
export interface CacheManifest {
  records: Descriptor;
  layers: readonly Descriptor[];
}

/** Writes the manifest of a cache. The same records give the same manifest. */
export function writeCacheManifest(
  records: Uint8Array,
  layers: readonly Descriptor[],
): { bytes: Uint8Array; digest: Digest; mediaType: string; config: Descriptor } {
  const config = { mediaType: RECORDS_TYPE, digest: digestOf(records), size: records.length };
  const bytes = canonicalJson({
    schemaVersion: 2,
    mediaType: MediaType.ociManifest,
    artifactType: CACHE_TYPE,
    config,
    layers,
  });
  return { bytes, digest: digestOf(bytes), mediaType: MediaType.ociManifest, config };
}

/**
 * Reads the manifest of a cache; undefined for one of something else. Throws `invalid` for a malformed one, `unsupported` for a
 * cache that BuildKit has written.
 */
export function readCacheManifest(bytes: Uint8Array): CacheManifest | undefined {
  const document = asObject(parseJson(bytes, 'its manifest'), 'its manifest');
  if (isOfBuildKit(document))
    throw new EngineError('unsupported', 'it is a cache of BuildKit', {
      remedy: 'write one with skiff build --cache-to: keys of steps are not the same ones',
    });
  if (optional(document.artifactType, 'artifactType', asString) !== CACHE_TYPE) return undefined;
  const records = readDescriptor(document.config, 'config');
  if (records.mediaType !== RECORDS_TYPE)
    throw new EngineError('unsupported', `its records are of type "${records.mediaType}"`);
  if (records.size > RECORDS_LIMIT)
    throw new EngineError('invalid', `its records are longer than ${RECORDS_LIMIT} bytes`);
  return { records, layers: asList(document.layers, 'layers', readDescriptor) };
}

function isOfBuildKit({ config, manifests }: JsonObject): boolean {
  const listed = Array.isArray(manifests) ? (manifests as unknown[]) : [];
  return [config, ...listed].some((each) => (each as JsonObject | null | undefined)?.mediaType === BUILDKIT);
}
