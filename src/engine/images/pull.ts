import { EngineError } from '../../errors.ts';
import { type Image, type ImageDocument, readImage } from '../../image/image.ts';
import { requirePlatform } from '../../image/platform.ts';
import { formatReference, parseReference, type Reference } from '../../image/reference.ts';
import { imageOfIndex, readWholeIndex, type WholeIndex } from '../../image/whole-index.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Index, Manifest } from '../../oci/manifest.ts';
import type { Platform } from '../../oci/platform.ts';
import { RegistryClient } from '../../registry/client.ts';
import type { RegistryRequests } from '../../registry/requests.ts';
import type { RequestInfo } from '../../registry/transport.ts';
import { repositoryName } from '../events/image.ts';
import { takeLease } from '../store/blob-leases.ts';
import type { Context } from '../store/context.ts';
import { type FoundImage, familiarName, imageByName, storedForm } from '../store/images.ts';
import { indexOfName } from '../store/indexes.ts';
import { inWorkspace } from '../store/workspace.ts';
import { intake } from './intake.ts';
import { chooseManifest, fetchManifest, type ImageSource, readConfig } from './pull-manifest.ts';
import type { PullProgress } from './pull-progress.ts';
import { Slots } from './slots.ts';

export interface PullOptions {
  platform?: Platform | undefined;
  /** Of an index all that is in it is fetched, and kept beside the image. */
  allPlatforms?: boolean | undefined;
  /** A name that leads to an image stays as it is, and none leads to this one then. */
  keepsNames?: boolean | undefined;
  progress?: PullProgress | undefined;
  /** Told of credentials and mirrors that cannot be used; the pull goes on without them. */
  warn?: ((problem: EngineError) => void) | undefined;
  /** Told of each request. */
  onRequest?: ((info: RequestInfo) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface PulledImage extends FoundImage {
  name: string;
  /** Digest of what the reference names at the registry: an index or a manifest. */
  digest: Digest;
  /** False: the name led to this very image before, and to all of its index if that was asked for. */
  changed: boolean;
}

/** Documents of an index that are asked for at a time. */
const REQUESTS = 6;

/**
 * Fetches an image and makes it runnable: manifest, config and layers are verified by digest, size and diffID; the
 * rows come last, so whatever goes wrong before leaves nothing that has a name. Throws what the registry client and
 * the stores throw; `notFound` when the image is not offered for the platform, `cancelled` once `signal` has aborted.
 */
export async function pullImage(
  context: Context,
  text: string,
  options: PullOptions,
  requests: RegistryRequests,
): Promise<PulledImage> {
  const client = new RegistryClient(requests);
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
  { platform, allPlatforms, keepsNames, progress, signal }: PullOptions,
  client: RegistryClient,
): Promise<PulledImage> {
  return await inWorkspace(context, async (workspace) => {
    const source = { client, reference, blobs: workspace.blobs, signal };
    const top = await fetchManifest(source, reference.digest ?? reference.tag ?? 'latest');
    const whole = isIndex(top) && allPlatforms ? await fetchIndex(context, source, top) : undefined;
    const image =
      whole === undefined
        ? await fetchOne(context, source, { top, platform })
        : await imageOfIndex(whole, platform);
    // Only a platform that was asked for is enforced: an image without an index may be for another one on purpose.
    if (platform !== undefined) requirePlatform(image.config.parsed, platform, text);
    const { domain, path } = reference;
    const name = formatReference(storedForm(reference));
    const familiar = familiarName(name);
    const kept = indexOfName(context.database, name);
    const isTaken = keepsNames === true && imageByName(context.database, name) !== undefined;
    const names = [name, formatReference({ domain, path, digest: top.digest })];
    const { image: row, before } = await intake(context, workspace, image, {
      names: isTaken ? [] : [...new Set(names)],
      index: isIndex(top) ? top : undefined,
      whole,
      open: (descriptor, either) => client.blob(reference, descriptor, { signal: either }),
      refuse: (descriptor, damage) => client.refuse(reference, descriptor, damage),
      event: { action: 'pull', id: familiar, name: repositoryName(familiar) },
      progress,
      signal,
    });
    const isAsBefore = before.get(name) === row.id && (whole === undefined || kept === top.digest);
    return { image: row, name, digest: top.digest, changed: !isAsBefore };
  });
}

function isIndex(document: ImageDocument<Manifest | Index>): document is ImageDocument<Index> {
  return document.parsed.kind === 'index';
}

async function fetchOne(
  context: Context,
  source: ImageSource,
  { top, platform }: { top: ImageDocument<Index | Manifest>; platform: Platform | undefined },
): Promise<Image> {
  const manifest = await chooseManifest(source, top, platform);
  return readImage(manifest, await leasedConfig(context, source, manifest.parsed.config));
}

/** All documents of an index, several at a time. */
async function fetchIndex(
  context: Context,
  source: ImageSource,
  top: ImageDocument<Index>,
): Promise<WholeIndex> {
  const abort = new AbortController();
  const { signal } = source;
  const either = signal === undefined ? abort.signal : AbortSignal.any([signal, abort.signal]);
  const own = { ...source, signal: either };
  const slots = new Slots(REQUESTS);
  const inSlot = async (fetch: () => Promise<Uint8Array>): Promise<Uint8Array> => {
    await slots.take();
    try {
      either.throwIfAborted();
      return await fetch();
    } finally {
      slots.release();
    }
  };
  try {
    return await readWholeIndex(top, {
      document: ({ digest }) =>
        inSlot(async () => (await own.client.manifest(own.reference, digest, { signal: either })).bytes),
      config: (descriptor) => inSlot(() => leasedConfig(context, own, descriptor)),
    });
  } catch (error) {
    abort.abort(error);
    throw error;
  }
}

/** The lease keeps a config that is in the store from being collected before it is read. */
async function leasedConfig(
  { database }: Context,
  source: ImageSource,
  config: Descriptor,
): Promise<Uint8Array> {
  using _lease = takeLease(database, [config.digest]);
  return await readConfig(source, config);
}
