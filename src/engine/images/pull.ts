import { EngineError } from '../../errors.ts';
import { type ImageDocument, readImage } from '../../image/image.ts';
import { requirePlatform } from '../../image/platform.ts';
import { formatReference, parseReference, type Reference } from '../../image/reference.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Index, Manifest } from '../../oci/manifest.ts';
import type { Platform } from '../../oci/platform.ts';
import { RegistryClient } from '../../registry/client.ts';
import type { RegistryRequests } from '../../registry/requests.ts';
import type { RequestInfo } from '../../registry/transport.ts';
import { repositoryName } from '../events/image.ts';
import { takeLease } from '../store/blob-leases.ts';
import type { Context } from '../store/context.ts';
import { type FoundImage, familiarName, storedForm } from '../store/images.ts';
import { inWorkspace } from '../store/workspace.ts';
import { intake } from './intake.ts';
import { chooseManifest, fetchManifest, type ImageSource, readConfig } from './pull-manifest.ts';
import type { PullProgress } from './pull-progress.ts';

export interface PullOptions {
  platform?: Platform | undefined;
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
  { platform, progress, signal }: PullOptions,
  client: RegistryClient,
): Promise<PulledImage> {
  return await inWorkspace(context, async (workspace) => {
    const source = { client, reference, blobs: workspace.blobs, signal };
    const top = await fetchManifest(source, reference.digest ?? reference.tag ?? 'latest');
    const manifest = await chooseManifest(source, top, platform);
    const image = readImage(manifest, await leasedConfig(context, source, manifest));
    // Only a platform that was asked for is enforced: an image without an index may be for another one on purpose.
    if (platform !== undefined) requirePlatform(image.config.parsed, platform, text);
    const { domain, path } = reference;
    const name = formatReference(storedForm(reference));
    const familiar = familiarName(name);
    const { image: row, before } = await intake(context, workspace, image, {
      names: [...new Set([name, formatReference({ domain, path, digest: top.digest })])],
      index: isIndex(top) ? top : undefined,
      open: (descriptor, either) => client.blob(reference, descriptor, { signal: either }),
      refuse: (descriptor, damage) => client.refuse(reference, descriptor, damage),
      event: { action: 'pull', id: familiar, name: repositoryName(familiar) },
      progress,
      signal,
    });
    return { image: row, name, digest: top.digest, changed: before.get(name) !== row.id };
  });
}

function isIndex(document: ImageDocument<Manifest | Index>): document is ImageDocument<Index> {
  return document.parsed.kind === 'index';
}

/** The lease keeps a config that is in the store from being collected before it is read. */
async function leasedConfig(
  { database }: Context,
  source: ImageSource,
  { parsed: { config } }: ImageDocument<Manifest>,
): Promise<Uint8Array> {
  using _lease = takeLease(database, [config.digest]);
  return await readConfig(source, config);
}
