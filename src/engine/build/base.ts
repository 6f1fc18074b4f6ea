import type { Image, ImageLayer } from '../../image/image.ts';
import { platformMatches } from '../../image/platform.ts';
import { formatReference, parseReference } from '../../image/reference.ts';
import type { ImageConfig } from '../../oci/image-config.ts';
import type { Platform } from '../../oci/platform.ts';
import type { PullProgress } from '../images/pull-progress.ts';
import { imageOf } from '../images/stored-image.ts';
import type { Context } from '../store/context.ts';
import { type FoundImage, lookUpImage, noSuchImage } from '../store/images.ts';

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
  const { reference, platform, pull } = request;
  const here = pull ? undefined : await keptHere(context, reference, { platform, keep });
  if (here !== undefined) return here;
  await fetchBase(context, request);
  const fetched = await keptHere(context, reference, { platform, keep });
  if (fetched !== undefined) return fetched;
  throw noSuchImage(reference, 'it was removed while it was fetched');
}

/** Without a wait between finding and keeping it. */
async function keptHere(
  context: Context,
  reference: string,
  { platform, keep }: { platform: Platform | undefined; keep: (layers: readonly ImageLayer[]) => void },
): Promise<BaseImage | undefined> {
  const { database } = context;
  // The name in the program is not the one under which the store has it.
  const embedded =
    lookUpImage(database, reference) === undefined ? await embeddedImage(context, reference) : undefined;
  const found = database.transaction(() => {
    const image = findBase(context, reference, platform, embedded);
    if (image !== undefined) keep(image.layers);
    return image;
  });
  return found && { name: nameOf(reference), config: found.config.parsed, layers: found.layers };
}

async function embeddedImage(context: Context, reference: string): Promise<FoundImage | undefined> {
  const { importEmbedded } = await import('../images/embedded.ts');
  return await importEmbedded(context, reference);
}

/** An image of the store that a build would take; what is here for another platform does not count. */
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

async function fetchBase(
  context: Context,
  { reference, platform, progress, signal }: BaseRequest,
): Promise<void> {
  const { connectRegistries } = await import('../images/registries.ts');
  const { pullImage } = await import('../images/pull.ts');
  const requests = await connectRegistries(context, ({ message }) => progress.message(message));
  await pullImage(context, reference, { platform, progress, signal }, requests);
}

/** An id stays as it is. */
export function nameOf(reference: string): string {
  try {
    return formatReference(parseReference(reference));
  } catch {
    return reference;
  }
}
