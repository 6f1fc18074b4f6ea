import { EngineError } from '../errors.ts';
import { canonicalJson } from '../oci/canonical-json.ts';
import { type Descriptor, MediaType } from '../oci/descriptor.ts';
import { chainIDs, type Digest, digestOf } from '../oci/digest.ts';
import { checkLayers, type ImageConfig, parseImageConfig } from '../oci/image-config.ts';
import { type Index, type Manifest, ociLayerType, parseManifest } from '../oci/manifest.ts';

/** A document of an image: the bytes that its digest is of, and what was read from them. */
export interface ImageDocument<Parsed> {
  mediaType: string;
  digest: Digest;
  bytes: Uint8Array;
  parsed: Parsed;
}

/** A layer of an image, by all of its names: its blob's, its content's, and that of the stack up to it. */
export interface ImageLayer {
  descriptor: Descriptor;
  diffID: Digest;
  chainID: Digest;
}

/**
 * An image for one platform, whatever it comes from: a registry, an archive, a container, a build. Its id is the digest
 * of its config, which also says its platform; annotations are the manifest's. Layers: bottom first.
 */
export interface Image {
  manifest: ImageDocument<Manifest>;
  config: ImageDocument<ImageConfig>;
  layers: readonly ImageLayer[];
}

/** The parts that an image is composed of. */
export interface Composition {
  /** The whole config but the layers. */
  config: Omit<ImageConfig, 'rootfs'>;
  /** The layers, bottom first. */
  layers: readonly Pick<ImageLayer, 'descriptor' | 'diffID'>[];
  /** The manifest's annotations. */
  annotations?: Record<string, string> | undefined;
}

/** Reads a manifest or an index; see {@link parseManifest} for `mediaType` and the errors. */
export function readManifest(bytes: Uint8Array, mediaType?: string): ImageDocument<Manifest | Index> {
  const parsed = parseManifest(bytes, mediaType);
  return { mediaType: parsed.mediaType, digest: digestOf(bytes), bytes, parsed };
}

/**
 * Puts an image together from its manifest and the bytes of the config that this names. Throws `invalid` when they do not
 * belong together (another size, digest or number of layers), and what {@link parseImageConfig} throws.
 */
export function readImage(manifest: ImageDocument<Manifest>, configBytes: Uint8Array): Image {
  const { config: described, layers } = manifest.parsed;
  const config = { mediaType: described.mediaType, digest: digestOf(configBytes), bytes: configBytes };
  if (configBytes.length !== described.size)
    throw notItsConfig(described, `${configBytes.length} bytes instead of ${described.size}`);
  if (config.digest !== described.digest) throw notItsConfig(described, `digest ${config.digest}`);
  const parsed = parseImageConfig(configBytes);
  checkLayers(manifest.parsed, parsed);
  const diffIDs = parsed.rootfs.diff_ids;
  const chain = chainIDs(diffIDs);
  return {
    manifest,
    config: { ...config, parsed },
    layers: layers.map((descriptor, index) => ({
      descriptor,
      diffID: diffIDs[index] as Digest,
      chainID: chain[index] as Digest,
    })),
  };
}

/**
 * Composes an image of the OCI's format: the config with the layers' diffIDs, and the manifest, both as canonical JSON, so
 * that the same parts give the same id and digest. Layers whose media types are Docker's get the OCI's names for them.
 * The history is taken as it is: the spec leaves open how much of it there is.
 *
 * Throws `invalid` for a config without the architecture or operating system that the spec demands (config.md), for sizes
 * and digests that are none, and for a config or manifest that would be too large to be read again; `unsupported` for a
 * layer whose media type does not say what it is.
 */
export function composeImage({ config, layers, annotations }: Composition): Image {
  for (const member of ['architecture', 'os'] as const) {
    if (config[member] === '')
      throw new EngineError('invalid', `the image's config does not say its ${member}`);
  }
  const rootfs = { type: 'layers', diff_ids: layers.map(({ diffID }) => diffID) };
  const descriptors = layers.map(({ descriptor }) => layerDescriptor(descriptor));
  return imageOfConfig(canonicalJson({ ...config, rootfs }), descriptors, annotations);
}

/**
 * Puts an image together from the bytes of a config, which are kept as they are, and the layers that it describes, bottom
 * first: the manifest is made, in the types of the image spec, whatever the layers had been called. Throws what
 * {@link readImage} throws.
 */
export function imageOfConfig(
  configBytes: Uint8Array,
  layers: readonly Descriptor[],
  annotations?: Record<string, string>,
): Image {
  const manifest = readManifest(
    canonicalJson({
      schemaVersion: 2,
      mediaType: MediaType.ociManifest,
      config: { mediaType: MediaType.ociConfig, digest: digestOf(configBytes), size: configBytes.length },
      layers: layers.map((layer) => ({
        ...layer,
        mediaType: ociLayerType(layer.mediaType) ?? layer.mediaType,
      })),
      annotations,
    }),
  );
  return readImage(manifest as ImageDocument<Manifest>, configBytes);
}

function layerDescriptor({ mediaType, digest, size, annotations }: Descriptor): Descriptor {
  const type = ociLayerType(mediaType);
  if (type !== undefined) return { mediaType: type, digest, size, annotations };
  throw new EngineError('unsupported', `layer ${digest} has the media type "${mediaType}"`, {
    subject: digest,
    hint: 'an image is composed of tar archives, plain or compressed with gzip or zstd',
  });
}

function notItsConfig({ digest }: Descriptor, found: string): EngineError {
  return new EngineError('invalid', `the image's config ${digest} has ${found}`, { subject: digest });
}
