import { EngineError } from '../../errors.ts';
import { type ImageDocument, readManifest } from '../../image/image.ts';
import { chooseFromTree } from '../../image/manifest-tree.ts';
import { hostPlatform } from '../../image/platform.ts';
import { formatReference, type Reference } from '../../image/reference.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { digestOf } from '../../oci/digest.ts';
import { CONFIG_LIMIT, parseImageConfig } from '../../oci/image-config.ts';
import type { Index, Manifest } from '../../oci/manifest.ts';
import type { Platform } from '../../oci/platform.ts';
import type { RegistryClient } from '../../registry/client.ts';
import type { BlobStore } from '../../storage/blob-store.ts';

/** The registry and the store that an image's documents come from. */
export interface ImageSource {
  client: Pick<RegistryClient, 'manifest' | 'blob' | 'refuse'>;
  reference: Reference;
  blobs: Pick<BlobStore, 'has' | 'read'>;
  signal: AbortSignal | undefined;
}

/**
 * Fetches the manifest or index that a tag or digest names at the registry.
 * Throws as the client and {@link readManifest} do.
 */
export async function fetchManifest(
  { client, reference, signal }: ImageSource,
  tagOrDigest: string,
): Promise<ImageDocument<Manifest | Index>> {
  const { bytes, mediaType } = await client.manifest(reference, tagOrDigest, { signal });
  return readManifest(bytes, mediaType);
}

/** The manifest itself, or the one in the tree of an index that suits the platform (the host's when absent) best. */
export async function chooseManifest(
  source: ImageSource,
  top: ImageDocument<Manifest | Index>,
  platform: Platform | undefined,
): Promise<ImageDocument<Manifest>> {
  if (top.parsed.kind === 'manifest') return top as ImageDocument<Manifest>;
  const chosen = await chooseFromTree(top.parsed, platform ?? hostPlatform(), {
    index: async ({ digest }) => {
      const { parsed } = await fetchManifest(source, digest);
      if (parsed.kind === 'index') return parsed;
      throw new EngineError('invalid', `${digest} is a manifest, but was said to be an index`, {
        subject: digest,
      });
    },
    platform: (descriptor) => platformOf(source, descriptor),
  });
  return await fetchImage(source, chosen);
}

async function fetchImage(source: ImageSource, { digest }: Descriptor): Promise<ImageDocument<Manifest>> {
  const found = await fetchManifest(source, digest);
  if (found.parsed.kind === 'manifest') return found as ImageDocument<Manifest>;
  throw new EngineError('invalid', `${digest} is an index, but was said to be a manifest`, {
    subject: digest,
  });
}

/** Returns the platform that an image's config names; undefined when it is no image. */
async function platformOf(source: ImageSource, descriptor: Descriptor): Promise<Platform | undefined> {
  try {
    const { parsed } = await fetchImage(source, descriptor);
    return parseImageConfig(await readConfig(source, parsed.config));
  } catch (error) {
    if (error instanceof EngineError && error.kind === 'unsupported') return undefined;
    throw error;
  }
}

/** The bytes of a config, verified: from the store when it is there, else from the registry. They are not stored. */
export async function readConfig(
  { client, reference, blobs, signal }: ImageSource,
  descriptor: Descriptor,
): Promise<Uint8Array> {
  const { digest, size } = descriptor;
  if (size > CONFIG_LIMIT) {
    throw new EngineError(
      'invalid',
      `the config of ${formatReference(reference)} is ${size} bytes long, too large for an image`,
    );
  }
  if (blobs.has(digest)) return await blobs.read(descriptor);
  for (;;) {
    const pieces: Uint8Array[] = [];
    for await (const piece of client.blob(reference, descriptor, { signal })) pieces.push(piece);
    const bytes = Buffer.concat(pieces);
    const actual = digestOf(bytes);
    if (actual === digest) return bytes;
    const message = `blob ${digest} arrived with digest ${actual}`;
    const damage = new EngineError('invalid', message, { subject: digest });
    if (!client.refuse(reference, descriptor, damage)) throw damage;
  }
}
