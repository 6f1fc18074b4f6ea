import { EngineError } from '../../errors.ts';
import type { Database } from '../../host/database.ts';
import type { Image } from '../../image/image.ts';
import { imageFor, type WholeIndex } from '../../image/whole-index.ts';
import type { Platform } from '../../oci/platform.ts';
import type { Context } from '../store/context.ts';
import { type FoundImage, imageOfManifest } from '../store/images.ts';
import { heldIndex, indexOfName, indexRow, readIndex } from '../store/indexes.ts';
import { inWorkspace } from '../store/workspace.ts';
import { intake } from './intake.ts';

/** The kept index by which an image was found, to which the name leads by which it was, or that came with it. */
export function indexOf(database: Database, { image, name, index }: FoundImage): WholeIndex | undefined {
  const digest = index ?? (name === undefined ? heldIndex(database, image.id) : indexOfName(database, name));
  return digest === undefined ? undefined : readIndex(database, digest);
}

/** The same, unless a part of it was lost. */
export function wholeIndexOf(database: Database, found: FoundImage): WholeIndex | undefined {
  const index = indexOf(database, found);
  return index !== undefined && indexRow(database, index.document.digest)?.isWhole ? index : undefined;
}

/**
 * Finds the image for a platform in the kept index to which a name leads; undefined without such an index. Throws `notFound`
 * for a platform that is not in it, naming those that are.
 */
export async function imageInIndex(
  database: Database,
  found: FoundImage,
  platform: Platform,
): Promise<Image | undefined> {
  const index = indexOf(database, found);
  return index === undefined ? undefined : await imageFor(index, platform);
}

/**
 * Finds the image for a platform in the kept index to which a name leads, and unpacks it if nobody has: the name itself leads
 * where it did. Undefined without such an index. Throws `notFound` for a platform that is not in it, or whose blobs were lost.
 */
export async function findInIndex(
  context: Context,
  found: FoundImage,
  platform: Platform,
): Promise<FoundImage | undefined> {
  const { database } = context;
  const { name } = found;
  const image = await imageInIndex(database, found, platform);
  if (image === undefined) return undefined;
  const there = imageOfManifest(database, image.manifest.digest);
  if (there !== undefined) return { image: there, name };
  const taken = await inWorkspace(context, (workspace) => intake(context, workspace, image, { names: [] }));
  return { image: taken.image, name };
}

/** As {@link findInIndex}, and undefined for what is not here. */
export async function lookUpInIndex(
  context: Context,
  found: FoundImage,
  platform: Platform,
): Promise<FoundImage | undefined> {
  try {
    return await findInIndex(context, found, platform);
  } catch (error) {
    if (error instanceof EngineError && error.kind === 'notFound') return undefined;
    throw error;
  }
}
