import { existsSync } from 'node:fs';
import type { EngineError } from '../../errors.ts';
import type { Image, ImageDocument } from '../../image/image.ts';
import { formatPlatform, hostPlatform } from '../../image/platform.ts';
import { formatReference, parseReference } from '../../image/reference.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Index, Manifest } from '../../oci/manifest.ts';
import type { Platform } from '../../oci/platform.ts';
import { RegistryClient } from '../../registry/client.ts';
import { BlobStore } from '../../storage/blob-store.ts';
import { connectRegistries } from '../images/registries.ts';
import { readRemoteImage } from '../images/remote-image.ts';
import type { Context } from '../store/context.ts';
import { imageByName, storedForm } from '../store/images.ts';
import { layerDirectories } from '../store/layer-directories.ts';

export interface ExplainPullOptions {
  platform?: Platform | undefined;
  /** Told of credentials and mirrors that cannot be used. */
  warn?: ((problem: EngineError) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** What a pull would do, as far as its registry can say. Sizes are bytes as they are transferred. */
export interface ExplainedPull {
  /** Canonical: `docker.io/library/busybox:latest`. */
  name: string;
  /** Digest of what the name leads to at the registry: an index or a manifest. */
  digest: Digest;
  manifest: Digest;
  /** The image's id: the digest of its config. */
  id: Digest;
  /** The image that the name leads to in the store; absent: none. */
  before?: Digest | undefined;
  platform: {
    wanted: string;
    /** False: it is this machine's. */
    asked: boolean;
    /** Of an index: what it offers, in its order; absent: there is no choice. */
    offered?: string[] | undefined;
    /** What the image's config says. */
    found: string;
  };
  /** What the registry was asked to find this out; a pull asks it once more. */
  asked: { method: string; url: string; status?: number | undefined }[];
  /** Bottom first. */
  layers: ExplainedLayer[];
  /** The sum of what is missing. */
  download: number;
}

/** A layer: unpacked in the store already, there as a blob and to be unpacked, or to be fetched, with its request. */
export interface ExplainedLayer {
  digest: Digest;
  mediaType: string;
  size: number;
  state: 'here' | 'blob' | 'missing';
  request?: { method: string; url: string } | undefined;
}

/**
 * Asks a registry for the manifest and the config of an image, as a pull does, and says what the pull would do then. Opens
 * nothing of the store but what is there; `context` is a preview's. Throws as a pull until layers are fetched.
 */
export async function explainPull(
  context: Context,
  text: string,
  { platform, warn = () => {}, signal }: ExplainPullOptions,
): Promise<{ explained: ExplainedPull; image: Image }> {
  const reference = parseReference(text);
  const asked: ExplainedPull['asked'] = [];
  const requests = await connectRegistries(context, warn, {
    onRequest: ({ method, url, status }) => asked.push({ method, url, status }),
  });
  const client = new RegistryClient(requests);
  const blobs = new BlobStore({ blobs: context.paths.blobs, tmp: () => context.paths.tmp });
  const source = { client, reference, blobs, signal };
  const { image, top } = await readRemoteImage(source, { platform, text });
  const base = asked.findLast(({ status }) => status === 200)?.url.replace(/\/manifests\/[^/]*$/, '') ?? '';
  const layers = layersOf(context, image, { blobs, base });
  const name = formatReference(storedForm(reference));
  const missing = new Map(layers.map((layer) => [layer.digest, layer.state === 'missing' ? layer.size : 0]));
  const explained: ExplainedPull = {
    name,
    digest: top.digest,
    manifest: image.manifest.digest,
    id: image.config.digest,
    before: imageByName(context.database, name)?.id,
    platform: {
      wanted: formatPlatform(platform ?? hostPlatform()),
      asked: platform !== undefined,
      offered: offeredBy(top),
      found: formatPlatform(image.config.parsed),
    },
    asked,
    layers,
    download: [...missing.values()].reduce((sum, size) => sum + size, 0),
  };
  return { explained, image };
}

function offeredBy({ parsed }: ImageDocument<Manifest | Index>): string[] | undefined {
  if (parsed.kind === 'manifest') return undefined;
  const known = parsed.manifests.flatMap(({ platform }) => (platform === undefined ? [] : [platform]));
  return [...new Set(known.map(formatPlatform))];
}

function layersOf(
  context: Context,
  image: Image,
  { blobs, base }: { blobs: BlobStore; base: string },
): ExplainedLayer[] {
  return image.layers.map(({ descriptor: { digest, mediaType, size }, chainID }) => {
    const [directory = ''] = layerDirectories(context, [chainID], undefined);
    const state = existsSync(directory) ? 'here' : blobs.has(digest) ? 'blob' : 'missing';
    const request = state === 'missing' ? { method: 'GET', url: `${base}/blobs/${digest}` } : undefined;
    return { digest, mediaType, size, state, request };
  });
}
