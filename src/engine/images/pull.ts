import { EngineError } from '../../errors.ts';
import { formatPlatform, platformMatches } from '../../image/platform.ts';
import { formatReference, parseReference, type Reference } from '../../image/reference.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { chainIDs, type Digest, parseDigest } from '../../oci/digest.ts';
import { checkLayers, type ImageConfig, parseImageConfig } from '../../oci/image-config.ts';
import type { Manifest } from '../../oci/manifest.ts';
import type { Platform } from '../../oci/platform.ts';
import type { RegistryClient } from '../../registry/client.ts';
import { appendImageEvent, repositoryName } from '../events/image.ts';
import { type Lease, takeLease } from '../store/blob-leases.ts';
import type { Context } from '../store/context.ts';
import {
  type FoundImage,
  familiarName,
  findImage,
  imageByName,
  saveImage,
  storedForm,
} from '../store/images.ts';
import { sizeOfLayers } from '../store/layer-sizes.ts';
import { inWorkspace } from '../store/workspace.ts';
import { pullLayers, type WantedLayer } from './pull-layers.ts';
import { chooseManifest, fetchManifest, type ImageSource, readConfig, type Served } from './pull-manifest.ts';
import { type PullProgress, SILENT } from './pull-progress.ts';

export interface PullOptions {
  platform?: Platform | undefined;
  progress?: PullProgress | undefined;
  /** Told of credentials that cannot be used; the pull goes on without them. */
  warn?: ((problem: EngineError) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface PulledImage extends FoundImage {
  name: string;
  /** Digest of what the reference names at the registry: an index or a manifest. */
  digest: Digest;
  /** False: the name led to this very image before. */
  changed: boolean;
}

/**
 * Fetches an image and makes it runnable: manifest, config and layers are verified by digest, size and diffID; the
 * rows come last, so whatever goes wrong before leaves nothing that has a name. Throws what the registry client and
 * the stores throw; `notFound` when the image is not offered for the platform, `cancelled` once `signal` has aborted.
 */
export async function pullImage(
  context: Context,
  text: string,
  options: PullOptions,
  client: RegistryClient,
): Promise<PulledImage> {
  const reference = parseReference(text);
  try {
    return await fetchImage(context, { reference, text }, options, client);
  } catch (cause) {
    // Whoever was interrupted is told so, whatever the interruption broke on its way.
    if (options.signal?.aborted !== true) throw cause;
    throw new EngineError('cancelled', `pulling ${text} was cancelled`, { subject: text, cause });
  }
}

async function fetchImage(
  context: Context,
  { reference, text }: { reference: Reference; text: string },
  options: PullOptions,
  client: RegistryClient,
): Promise<PulledImage> {
  const { progress = SILENT, signal } = options;
  return await inWorkspace(context, async ({ blobs, layers }) => {
    const source = { client, reference, blobs, signal };
    const top = await fetchManifest(source, reference.digest ?? reference.tag ?? 'latest');
    const manifest = await chooseManifest(source, top, options.platform);
    using lease = takeLease(context.database, heldBlobs(top, manifest));
    const config = await storeConfig(source, manifest.parsed.config);
    checkPlatform(config.parsed, options.platform, text);
    const wanted = wantedLayers(manifest.parsed, config.parsed);
    const chain = wanted.map(({ chainID }) => chainID);
    using layerLease = takeLease(context.database, chain);
    const fetch = (descriptor: Descriptor, either: AbortSignal) =>
      client.blob(reference, descriptor, { signal: either });
    await pullLayers(context, wanted, { sources: { blobs, layers, fetch }, progress, signal });
    for (const { bytes } of new Set([top, manifest])) await blobs.put(bytes);
    const size = await sizeOfLayers(context, layers, chain);
    return publish(context, { reference, top, manifest, config, chain, size, leases: [lease, layerLease] });
  });
}

/** Everything the rows will name, so that nobody collects it meanwhile. */
function heldBlobs(top: Served<unknown>, manifest: Served<Manifest>): Digest[] {
  const { config, layers } = manifest.parsed;
  return [top.digest, manifest.digest, config.digest, ...layers.map(({ digest }) => digest)];
}

async function storeConfig(
  source: ImageSource,
  descriptor: Descriptor,
): Promise<{ parsed: ImageConfig; text: string; digest: Digest }> {
  const bytes = await readConfig(source, descriptor);
  const parsed = parseImageConfig(bytes);
  await source.blobs.put(bytes);
  return { parsed, text: new TextDecoder().decode(bytes), digest: descriptor.digest };
}

/** Only a platform that was asked for is enforced: an image without an index may be for another one on purpose. */
function checkPlatform(config: ImageConfig, wanted: Platform | undefined, text: string): void {
  if (wanted === undefined || platformMatches(config, wanted)) return;
  throw new EngineError(
    'notFound',
    `image ${text} is for ${formatPlatform(config)}, not for ${formatPlatform(wanted)}`,
    { subject: text },
  );
}

function wantedLayers(manifest: Manifest, config: ImageConfig): WantedLayer[] {
  checkLayers(manifest, config);
  const diffIDs = config.rootfs.diff_ids.map((diffID) => parseDigest(diffID, 'diffID'));
  const chain = chainIDs(diffIDs);
  return manifest.layers.map((descriptor, index) => ({
    descriptor,
    diffID: diffIDs[index] as Digest,
    chainID: chain[index] as Digest,
    parents: chain.slice(0, index),
  }));
}

interface Finished {
  reference: Reference;
  top: Served<unknown>;
  manifest: Served<Manifest>;
  config: { text: string; digest: Digest };
  chain: Digest[];
  size: number;
  leases: readonly Lease[];
}

/**
 * The rows: from here on the image exists. The leases end in the same transaction: an image that is removed right
 * after it takes everything with it.
 */
function publish(
  context: Context,
  { reference, top, manifest, config, chain, size, leases }: Finished,
): PulledImage {
  const { domain, path } = reference;
  const name = formatReference(storedForm(reference));
  const names = new Set([name, formatReference({ domain, path, digest: top.digest })]);
  const before = imageByName(context.database, name)?.id;
  const image = { id: config.digest, config: config.text, layers: chain, size, createdAt: Date.now() };
  const served = {
    digest: manifest.digest,
    imageId: config.digest,
    mediaType: manifest.mediaType,
    body: new TextDecoder().decode(manifest.bytes),
    indexDigest: top.digest === manifest.digest ? undefined : top.digest,
  };
  context.database.transaction(() => {
    saveImage(context.database, image, served, [...names]);
    for (const lease of leases) lease[Symbol.dispose]();
  });
  const familiar = familiarName(name);
  const event = { id: familiar, name: repositoryName(familiar), config: config.text };
  appendImageEvent(context, 'pull', event);
  return {
    ...findImage(context.database, name),
    name,
    digest: top.digest,
    changed: before !== config.digest,
  };
}
