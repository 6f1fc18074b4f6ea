import { EngineError } from '../errors.ts';
import { type Descriptor, MediaType } from './descriptor.ts';
import { parseDigest } from './digest.ts';
import {
  asCount,
  asList,
  asMap,
  asObject,
  asString,
  type JsonObject,
  optional,
  parseJson,
  shown,
} from './json.ts';
import type { Platform } from './platform.ts';

/** The largest manifest or index that is read, in bytes: the limit that the distribution spec sets for registries. */
export const MANIFEST_LIMIT = 4 * 1024 * 1024;

/** An image for one platform (OCI image spec, manifest.md; Docker image manifest, schema 2). Layers: bottom first. */
export interface Manifest {
  kind: 'manifest';
  mediaType: string;
  config: Descriptor;
  layers: Descriptor[];
  annotations?: Record<string, string> | undefined;
}

/** A choice of images by platform (OCI image spec, image-index.md; Docker manifest list). */
export interface Index {
  kind: 'index';
  mediaType: string;
  manifests: Descriptor[];
  annotations?: Record<string, string> | undefined;
}

const INDEX_TYPES: readonly string[] = [MediaType.ociIndex, MediaType.dockerIndex];
const MANIFEST_TYPES: readonly string[] = [MediaType.ociManifest, MediaType.dockerManifest];
const CONFIG_TYPES: readonly string[] = [MediaType.ociConfig, MediaType.dockerConfig];

const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/;

/**
 * The types of config that do not say what it is: tools write them that know nothing better, and old registries put
 * them in the place of types that they did not know. Docker takes them.
 */
const VAGUE_TYPES: readonly string[] = [
  '',
  'application/octet-stream',
  'application/json',
  'text/plain',
  'text/html',
];

/** Every media type that {@link parseManifest} understands, in the order in which a registry should prefer them. */
export const MANIFEST_MEDIA_TYPES: readonly string[] = [...INDEX_TYPES, ...MANIFEST_TYPES];

/** Whether a media type is that of an index. */
export function isIndexType(mediaType: string): boolean {
  return INDEX_TYPES.includes(mediaType);
}

/** Whether what an index calls so may be an image's manifest: also what says nothing, or is of an outdated schema. */
export function isManifestType(mediaType: string): boolean {
  return MANIFEST_TYPES.includes(mediaType) || VAGUE_TYPES.includes(mediaType) || SCHEMA_1.test(mediaType);
}

/** The layers an image may have, as far as the media type tells: the plain and the non-distributable ones. */
const LAYER_TYPE =
  /^application\/vnd\.(?:oci\.image\.layer\.(?<restricted>nondistributable\.)?v1|docker\.image\.rootfs\.(?<foreign>foreign\.)?diff)\.tar(?:[.+](?<compression>gzip|zstd))?$/;

/** Types that name an archive, but not whose. */
const ARCHIVE_TYPE = /^application\/(x-)?(tar|gzip|zstd|tar\+gzip|tar\+zstd|gtar|tgz)$/;

/**
 * Reads a manifest or an index. `mediaType` is what the registry or the descriptor called it; types that say nothing
 * (`application/json`, `text/plain`, none) leave the decision to the document itself.
 *
 * Throws `invalid` when it is not what it claims to be, above all when it could be read as both a manifest and an
 * index (CVE-2021-41190), and `unsupported` for schema 1 and for artifacts that are not images.
 */
export function parseManifest(bytes: Uint8Array, mediaType = ''): Manifest | Index {
  if (bytes.length > MANIFEST_LIMIT) {
    throw new EngineError('invalid', `manifest is larger than ${MANIFEST_LIMIT} bytes`);
  }
  const document = asObject(parseJson(bytes, 'manifest'), 'manifest');
  const type = manifestMediaType(document, mediaType);
  if (asCount(document.schemaVersion, 'schemaVersion') !== 2) {
    throw new EngineError('invalid', `manifest has schema version ${document.schemaVersion} instead of 2`);
  }
  return INDEX_TYPES.includes(type) ? readIndex(document, type) : readManifest(document, type);
}

/**
 * Returns which of {@link MANIFEST_MEDIA_TYPES} a document is; see {@link parseManifest} for `claimed` and the errors.
 */
export function manifestMediaType(document: JsonObject, claimed: string): string {
  if (isSchema1(document, claimed)) {
    throw new EngineError('unsupported', 'manifest has the outdated schema 1 format', {
      hint: 'push the image again with a current tool',
    });
  }
  const stated = optional(document.mediaType, 'mediaType', asString) || undefined;
  const known = MANIFEST_MEDIA_TYPES.includes(claimed) ? claimed : undefined;
  if (known !== undefined && stated !== undefined && stated !== known) {
    throw new EngineError('invalid', `manifest says it is ${stated}, but was served as ${known}`);
  }
  const type = known ?? stated ?? guess(document);
  if (!MANIFEST_MEDIA_TYPES.includes(type)) throw notAnImage(type);
  const foreign = INDEX_TYPES.includes(type) ? ['config', 'layers'] : ['manifests'];
  const extra = foreign.find((name) => document[name] !== undefined);
  if (extra !== undefined)
    throw new EngineError('invalid', `manifest of type ${type} must not have ${extra}`);
  return type;
}

/** Returns a media type without its parameters: `application/json; charset=utf-8` → `application/json`. */
export function bareMediaType(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
}

function isSchema1(document: JsonObject, claimed: string): boolean {
  return SCHEMA_1.test(claimed) || (document.schemaVersion === 1 && document.fsLayers !== undefined);
}

function guess(document: JsonObject): string {
  if (Array.isArray(document.manifests)) return MediaType.ociIndex;
  if (Array.isArray(document.layers)) return MediaType.ociManifest;
  throw new EngineError('invalid', 'manifest has neither layers nor manifests');
}

function readIndex(document: JsonObject, mediaType: string): Index {
  return {
    kind: 'index',
    mediaType,
    manifests: asList(document.manifests, 'manifests', readDescriptor),
    annotations: readAnnotations(document),
  };
}

/**
 * Reads a manifest of an image; the type of its config tells it from other artifacts. Where that type says nothing the
 * config itself decides later: it must describe each of the layers (image-config.ts).
 */
function readManifest(document: JsonObject, mediaType: string): Manifest {
  const artifactType = shown(document.artifactType, 'artifactType', asString) || undefined;
  const config = readDescriptor(document.config, 'config');
  const vague = artifactType === undefined && VAGUE_TYPES.includes(config.mediaType);
  if (!vague && !CONFIG_TYPES.includes(config.mediaType)) throw notAnImage(artifactType ?? config.mediaType);
  const layers = asList(document.layers, 'layers', readDescriptor);
  const odd = layers.find(({ mediaType: type }) => !isLayerType(type));
  if (odd !== undefined) {
    throw new EngineError('unsupported', `layer ${odd.digest} has the media type ${odd.mediaType}`, {
      subject: odd.digest,
    });
  }
  return { kind: 'manifest', mediaType, config, layers, annotations: readAnnotations(document) };
}

/** Layers that their makers do not let registries pass on: they lie elsewhere. */
const ELSEWHERE = /\.(foreign|nondistributable)\./;

/**
 * The blobs that belong to a manifest, also to that of another artifact: its config and its layers, each once, but for
 * layers that lie elsewhere. Throws `invalid` for what is no manifest.
 */
export function blobsOfManifest(bytes: Uint8Array): Descriptor[] {
  const document = asObject(parseJson(bytes, 'manifest'), 'manifest');
  const config = optional(document.config, 'config', readDescriptor);
  const layers =
    optional(document.layers, 'layers', (list, what) => asList(list, what, readDescriptor)) ?? [];
  const all = [...layers, ...(config === undefined ? [] : [config])];
  const here = all.filter(({ mediaType }) => !ELSEWHERE.test(mediaType));
  return [...new Map(here.map((descriptor) => [descriptor.digest, descriptor])).values()];
}

/**
 * The image spec's name for a layer's media type, which may be Docker's (media-types.md, "Compatibility Matrix"); undefined
 * for one that does not say what kind of archive it is.
 */
export function ociLayerType(mediaType: string): string | undefined {
  const groups = LAYER_TYPE.exec(mediaType)?.groups;
  if (groups === undefined) return undefined;
  const { restricted, foreign, compression } = groups;
  const kind = restricted === undefined && foreign === undefined ? 'layer' : 'layer.nondistributable';
  return `application/vnd.oci.image.${kind}.v1.tar${compression === undefined ? '' : `+${compression}`}`;
}

function isLayerType(type: string): boolean {
  return LAYER_TYPE.test(type) || VAGUE_TYPES.includes(type) || ARCHIVE_TYPE.test(type);
}

/** Reads a descriptor. Throws `invalid`, naming the member. */
export function readDescriptor(value: unknown, what: string): Descriptor {
  const member = asObject(value, what);
  return {
    mediaType: optional(member.mediaType, `${what}.mediaType`, asString) ?? '',
    digest: parseDigest(asString(member.digest, `${what}.digest`)),
    size: asCount(member.size, `${what}.size`),
    platform: optional(member.platform, `${what}.platform`, readPlatform),
    annotations: shown(member.annotations, `${what}.annotations`, readTextMap),
  };
}

function readPlatform(value: unknown, what: string): Platform {
  const member = asObject(value, what);
  return {
    os: optional(member.os, `${what}.os`, asString) ?? '',
    architecture: optional(member.architecture, `${what}.architecture`, asString) ?? '',
    variant: optional(member.variant, `${what}.variant`, asString) || undefined,
  };
}

function readTextMap(value: unknown, what: string): Record<string, string> {
  return asMap(value, what, asString);
}

function readAnnotations(document: JsonObject): Record<string, string> | undefined {
  return shown(document.annotations, 'annotations', readTextMap);
}

function notAnImage(type: string): EngineError {
  return new EngineError('unsupported', `${type} is not a container image`, {
    hint: 'the name belongs to another kind of artifact, such as a chart or a signature',
  });
}
