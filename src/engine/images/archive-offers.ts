import { EngineError } from '../../errors.ts';
import {
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIMIT,
  type DockerArchiveImage,
  parseDockerManifest,
} from '../../image/docker-archive.ts';
import { type Image, type ImageDocument, imageOfConfig, readImage, readManifest } from '../../image/image.ts';
import { chooseFromTree } from '../../image/manifest-tree.ts';
import {
  blobName,
  checkLayoutVersion,
  INDEX_FILE,
  imagesOfLayout,
  LAYOUT_FILE,
  LAYOUT_FILE_LIMIT,
  type LayoutImage,
} from '../../image/oci-layout.ts';
import { hostPlatform, requirePlatform } from '../../image/platform.ts';
import { formatReference, parseReference } from '../../image/reference.ts';
import { blobsOfIndex, imageOfIndex, readWholeIndex, type WholeIndex } from '../../image/whole-index.ts';
import { type Descriptor, MediaType } from '../../oci/descriptor.ts';
import { digestOf } from '../../oci/digest.ts';
import { CONFIG_LIMIT, parseImageConfig } from '../../oci/image-config.ts';
import { type Index, MANIFEST_LIMIT, type Manifest } from '../../oci/manifest.ts';
import type { Platform } from '../../oci/platform.ts';
import { compressionOf } from '../../storage/layer/decompress.ts';
import type { ImageFile, ImageFiles } from '../../storage/tar/image-files.ts';

/** An image that an archive offers, and the canonical names that it has there. */
export interface Offer {
  image: Image;
  /** The index that it was chosen from. */
  index: ImageDocument<Index> | undefined;
  /** The same, when the archive has all that is in it. */
  whole?: WholeIndex | undefined;
  names: string[];
}

/** Images that one archive may have: the documents of each are read and parsed, also when many name the same ones. */
const MAX_IMAGES = 1000;

const LAYER_TYPES = {
  none: MediaType.ociLayer,
  gzip: MediaType.ociLayerGzip,
  zstd: MediaType.ociLayerZstd,
} as const;

/** Returns the file of a layer's blob, wherever its archive has it. */
export type FindLayer = (descriptor: Descriptor) => ImageFile | undefined;

/**
 * Returns the images that an archive offers for a platform, or for this machine's where there is a choice; unless one is asked
 * for, with the index that has the choice, if all of it is there. An archive that
 * is an OCI layout and Docker's at once is read as the layout, which says more; names of both count. Throws `invalid` for
 * what is no archive of images, or a damaged one, `notFound` when an image is not offered for the platform.
 */
export async function offersOf(
  files: ImageFiles,
  { platform, signal }: { platform?: Platform | undefined; signal?: AbortSignal | undefined },
): Promise<{ offers: Offer[]; layer: FindLayer }> {
  const docker = await dockerImages(files);
  if (files.find(INDEX_FILE) === undefined || files.find(LAYOUT_FILE) === undefined) {
    if (docker === undefined) throw noArchive();
    return await dockerOffers(files, docker, { platform, signal });
  }
  const index = await layoutIndexOf(files);
  const offers: Offer[] = [];
  for (const each of few(imagesOfLayout(index))) {
    signal?.throwIfAborted();
    const offer = await layoutOffer(files, each, platform);
    if (offer !== undefined) offers.push(offer);
  }
  if (offers.length === 0) throw new EngineError('invalid', 'the archive has no image');
  return { offers: merged(offers, docker), layer: ({ digest }) => files.find(blobName(digest)) };
}

/** An image is there once for each of its names. */
function merged(offers: readonly Offer[], docker: readonly DockerArchiveImage[] | undefined): Offer[] {
  const byDigest = new Map<string, Offer>();
  for (const offer of offers) {
    const { digest } = offer.whole?.document ?? offer.image.manifest;
    const names = [...(byDigest.get(digest)?.names ?? []), ...offer.names, ...namesIn(docker, offer.image)];
    byDigest.set(digest, { ...offer, names: [...new Set(names)] });
  }
  return [...byDigest.values()];
}

async function dockerImages(files: ImageFiles): Promise<DockerArchiveImage[] | undefined> {
  const file = files.find(DOCKER_MANIFEST);
  return file && parseDockerManifest(await file.read(DOCKER_MANIFEST_LIMIT));
}

async function layoutIndexOf(files: ImageFiles): Promise<Index> {
  checkLayoutVersion(await required(files, LAYOUT_FILE).read(LAYOUT_FILE_LIMIT));
  const bytes = await required(files, INDEX_FILE).read(MANIFEST_LIMIT);
  const { parsed } = readManifest(bytes, MediaType.ociIndex);
  if (parsed.kind === 'index') return parsed;
  throw new EngineError('invalid', `${INDEX_FILE} of the archive is no index`);
}

/** Undefined: it is no image, such as the attestation of one. */
async function layoutOffer(
  files: ImageFiles,
  { reference, entries }: LayoutImage,
  platform: Platform | undefined,
): Promise<Offer | undefined> {
  const [first, ...others] = entries;
  if (first === undefined) return undefined;
  const names = reference === undefined ? [] : [formatReference(reference)];
  const shown = names[0] ?? first.digest;
  try {
    const top = others.length === 0 ? await document(files, first) : undefined;
    if (top?.parsed.kind === 'manifest') {
      const image = await imageIn(files, top as ImageDocument<Manifest>);
      if (platform !== undefined) requirePlatform(image.config.parsed, platform, shown);
      return { image, index: undefined, names };
    }
    const whole =
      top && platform === undefined ? await wholeIndex(files, top as ImageDocument<Index>) : undefined;
    if (whole !== undefined)
      return { image: await imageOfIndex(whole, undefined), index: whole.document, whole, names };
    const index: Index = top?.parsed ?? { kind: 'index', mediaType: MediaType.ociIndex, manifests: entries };
    const chosen = await choose(files, index, platform ?? hostPlatform());
    const image = await imageIn(files, await document(files, chosen));
    return { image, index: top as ImageDocument<Index> | undefined, names };
  } catch (error) {
    // What has a name is meant to be an image.
    if (reference === undefined && error instanceof EngineError && error.kind === 'unsupported')
      return undefined;
    throw error;
  }
}

/** An index with all that is in it; undefined unless the archive has every manifest and every blob. */
async function wholeIndex(
  files: ImageFiles,
  document: ImageDocument<Index>,
): Promise<WholeIndex | undefined> {
  let isAllThere = true;
  const read = async ({ digest }: Descriptor, limit: number): Promise<Uint8Array> => {
    const file = files.find(blobName(digest));
    if (file === undefined) isAllThere = false;
    return await required(files, blobName(digest)).read(limit);
  };
  try {
    const whole = await readWholeIndex(document, {
      document: (descriptor) => read(descriptor, MANIFEST_LIMIT),
      config: (descriptor) => read(descriptor, CONFIG_LIMIT),
    });
    const isHere = ({ digest }: Descriptor) => files.find(blobName(digest)) !== undefined;
    return blobsOfIndex(whole).every(isHere) ? whole : undefined;
  } catch (error) {
    // What cannot be kept whole may have an image for this machine all the same.
    if (!isAllThere || (error instanceof EngineError && error.kind === 'unsupported')) return undefined;
    throw error;
  }
}

async function choose(files: ImageFiles, index: Index, platform: Platform): Promise<Descriptor> {
  return await chooseFromTree(index, platform, {
    index: async (descriptor) => {
      const { parsed } = await document(files, descriptor);
      if (parsed.kind === 'index') return parsed;
      throw new EngineError('invalid', `${descriptor.digest} is a manifest, but was said to be an index`);
    },
    platform: async (descriptor) => (await imageIn(files, await document(files, descriptor))).config.parsed,
  });
}

/** A manifest or an index of the layout, verified. */
async function document(
  files: ImageFiles,
  { digest, size, mediaType }: Descriptor,
): Promise<ImageDocument<Manifest | Index>> {
  const bytes = await required(files, blobName(digest)).read(MANIFEST_LIMIT);
  if (bytes.length !== size || digestOf(bytes) !== digest)
    throw new EngineError('invalid', `blob ${digest} is damaged in the archive`, { subject: digest });
  return readManifest(bytes, mediaType);
}

async function imageIn(files: ImageFiles, manifest: ImageDocument<Manifest | Index>): Promise<Image> {
  const { parsed } = manifest;
  if (parsed.kind === 'index')
    throw new EngineError('invalid', `${manifest.digest} is an index, but was said to be a manifest`);
  const config = await required(files, blobName(parsed.config.digest)).read(CONFIG_LIMIT);
  return readImage(manifest as ImageDocument<Manifest>, config);
}

async function dockerOffers(
  files: ImageFiles,
  images: readonly DockerArchiveImage[],
  { platform, signal }: { platform: Platform | undefined; signal: AbortSignal | undefined },
): Promise<{ offers: Offer[]; layer: FindLayer }> {
  const layers = new Map<string, ImageFile>();
  const offers: Offer[] = [];
  for (const { config: name, layers: names, names: tags } of few(images)) {
    signal?.throwIfAborted();
    const config = await required(files, name).read(CONFIG_LIMIT);
    const descriptors: Descriptor[] = [];
    for (const each of names) {
      const file = required(files, each);
      const mediaType = LAYER_TYPES[compressionOf(await file.head())];
      const descriptor = { mediaType, digest: await file.digest(), size: file.size };
      layers.set(descriptor.digest, file);
      descriptors.push(descriptor);
    }
    if (platform !== undefined) requirePlatform(parseImageConfig(config), platform, tags[0] ?? name);
    const image = imageOfConfig(config, descriptors);
    offers.push({ image, index: undefined, names: tags.map(canonical) });
  }
  return { offers, layer: ({ digest }) => layers.get(digest) };
}

/** The names that Docker's file has for an image of the layout. */
function namesIn(docker: readonly DockerArchiveImage[] | undefined, { config }: Image): string[] {
  const own = docker?.filter(({ config: name }) => name === blobName(config.digest)) ?? [];
  return own.flatMap(({ names }) => names.map(canonical));
}

function few<Each>(images: readonly Each[]): readonly Each[] {
  if (images.length <= MAX_IMAGES) return images;
  throw new EngineError('unsupported', `the archive has more than ${MAX_IMAGES} images`);
}

function canonical(tag: string): string {
  return formatReference(parseReference(tag));
}

function required(files: ImageFiles, name: string): ImageFile {
  const file = files.find(name);
  if (file !== undefined) return file;
  throw new EngineError('invalid', `the archive names ${name}, but does not have it`, { subject: name });
}

function noArchive(): EngineError {
  return new EngineError(
    'invalid',
    'this is no archive of images: it has no manifest.json and no index.json',
    {
      remedy: 'skiff import makes an image of an archive of files',
    },
  );
}
