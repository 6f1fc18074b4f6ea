import type { Image, ImageLayer } from '../../image/image.ts';
import { hostPlatform, platformMatches } from '../../image/platform.ts';
import { formatReference, parseReference } from '../../image/reference.ts';
import type { ImageConfig } from '../../oci/image-config.ts';
import type { Platform } from '../../oci/platform.ts';
import type { CredentialSource } from '../../registry/credential.ts';
import { BlobStore } from '../../storage/blob-store.ts';
import type { PullProgress } from '../images/pull-progress.ts';
import { imageOf } from '../images/stored-image.ts';
import type { Context } from '../store/context.ts';
import { type FoundImage, type ImageRow, imageById, lookUpImage, noSuchImage } from '../store/images.ts';

/** An image that a build begins with, or takes files from: it is here, and stays while the build's lease does. */
export interface BaseImage {
  /** As progress shows it: `docker.io/library/busybox:latest`. */
  name: string;
  config: ImageConfig;
  layers: readonly ImageLayer[];
}

/** How an image is looked for. */
export interface BaseRequest {
  reference: string;
  /** Undefined: whatever is here, else this machine's. */
  platform: Platform | undefined;
  /** It is fetched also when it is here. */
  pull: boolean;
  /** Absent: what this machine keeps. */
  credentials?: CredentialSource | undefined;
  progress: PullProgress;
  signal: AbortSignal | undefined;
}

/**
 * Finds an image in the store, or fetches it: what is here for another platform does not count. `keep` is called with it
 * before anything else can happen to it.
 */
export async function resolveBase(
  context: Context,
  request: BaseRequest,
  keep: (layers: readonly ImageLayer[]) => void,
): Promise<BaseImage> {
  const { database } = context;
  const { reference, pull } = request;
  const kept = keeper(context, keep);
  const here = pull ? undefined : await findHere(context, request, kept);
  if (here !== undefined) return baseOf(reference, here);
  const { id } = await fetchBase(context, request);
  const fetched = kept(() => {
    const image = imageById(database, id);
    return image && imageOf(database, { image, name: undefined }).image;
  });
  if (fetched !== undefined) return baseOf(reference, fetched);
  throw noSuchImage(reference, 'it was removed while it was fetched');
}

/** Finds an image and keeps it, in one go. */
function keeper({ database }: Context, keep: (layers: readonly ImageLayer[]) => void) {
  return (find: () => Image | undefined): Image | undefined =>
    database.transaction(() => {
      const image = find();
      if (image !== undefined) keep(image.layers);
      return image;
    });
}

function baseOf(reference: string, { config, layers }: Image): BaseImage {
  return { name: nameOf(reference), config: config.parsed, layers };
}

/**
 * The same, but that the layers of an image that is not here are not fetched yet: `fetch` does that. Undefined: it is here.
 */
export async function deferBase(
  context: Context,
  request: Omit<BaseRequest, 'pull'>,
  keep: (layers: readonly ImageLayer[]) => void,
): Promise<{ image: BaseImage; fetch: ((progress: PullProgress) => Promise<unknown>) | undefined }> {
  const { reference, platform, credentials, progress, signal } = request;
  const asked = { ...request, pull: false };
  const here = await findHere(context, asked, keeper(context, keep));
  if (here !== undefined) return { image: baseOf(reference, here), fetch: undefined };
  const [{ connectRegistries }, { readRemoteImage }, { RegistryClient }] = await Promise.all([
    import('../images/registries.ts'),
    import('../images/remote-image.ts'),
    import('../../registry/client.ts'),
  ]);
  const client = new RegistryClient(
    await connectRegistries(context, ({ message }) => progress.message(message), { credentials }),
  );
  const blobs = new BlobStore({ blobs: context.paths.blobs, tmp: () => context.paths.tmp });
  const source = { client, reference: parseReference(reference), blobs, signal };
  const { image } = await readRemoteImage(source, { platform, text: reference });
  keep(image.layers);
  return {
    image: baseOf(reference, image),
    fetch: (own) => resolveBase(context, { ...asked, progress: own }, keep),
  };
}

/** Without a wait between finding and keeping it. */
async function findHere(
  context: Context,
  { reference, platform }: BaseRequest,
  kept: (find: () => Image | undefined) => Image | undefined,
): Promise<Image | undefined> {
  const { database } = context;
  // The name in the program is not the one under which the store has it.
  const embedded =
    lookUpImage(database, reference) === undefined ? await embeddedImage(context, reference) : undefined;
  const here = kept(() => findBase(context, reference, platform, embedded));
  const found = lookUpImage(database, reference);
  if (here !== undefined || platform === undefined || found === undefined) return here;
  const { takeOther } = await import('./other-base.ts');
  return await takeOther(context, found, platform, kept);
}

async function embeddedImage(context: Context, reference: string): Promise<FoundImage | undefined> {
  const { importEmbedded } = await import('../images/embedded.ts');
  return await importEmbedded(context, reference);
}

/** An image of the store that a build would take by its name; one for another platform does not count. */
export function findBase(
  { database }: Context,
  reference: string,
  platform: Platform | undefined,
  found: FoundImage | undefined = lookUpImage(database, reference),
): Image | undefined {
  if (found === undefined) return undefined;
  const { image } = imageOf(database, found);
  return platform === undefined || platformMatches(image.config.parsed, platform) ? image : undefined;
}

/** Whose platform is not this machine's takes no name from an image that has it. */
async function fetchBase(
  context: Context,
  { reference, platform, credentials, progress, signal }: BaseRequest,
): Promise<ImageRow> {
  const { connectRegistries } = await import('../images/registries.ts');
  const { pullImage } = await import('../images/pull.ts');
  const requests = await connectRegistries(context, ({ message }) => progress.message(message), {
    credentials,
  });
  const keepsNames = platform !== undefined && !platformMatches(platform, hostPlatform());
  const options = { platform, keepsNames, progress, signal };
  return (await pullImage(context, reference, options, requests)).image;
}

/** An id stays as it is. */
export function nameOf(reference: string): string {
  try {
    return formatReference(parseReference(reference));
  } catch {
    return reference;
  }
}
