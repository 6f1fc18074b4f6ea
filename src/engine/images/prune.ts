import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { type Digest, hexOf } from '../../oci/digest.ts';
import { parseImageConfig } from '../../oci/image-config.ts';
import { appendEvent } from '../events/journal.ts';
import { fitsPrune, type PruneFilters } from '../options/prune.ts';
import type { Context } from '../store/context.ts';
import { allImages, type ImageRow, namesOf } from '../store/images.ts';
import { imagesInIndexes } from '../store/indexes.ts';
import { notedLayerSizes } from '../store/layer-sizes.ts';
import { removeImage } from './remove.ts';
import { timeOf } from './time.ts';
import { usersOfImage } from './users.ts';

export interface PrunedImages {
  /** Familiar references. */
  untagged: string[];
  deleted: Digest[];
  /** Bytes of the layers that are gone, unpacked. */
  reclaimed: number;
}

/**
 * Removes the images that have no tag, or with `all` those that no container was made of, as far as they fit: `until` is
 * about when an image was built. One that a container uses stays whole; one that has no name but is in a kept index goes with
 * that.
 */
export async function pruneImages(
  context: Context,
  filters: PruneFilters,
  { all }: { all: boolean },
): Promise<PrunedImages> {
  const pruned: PrunedImages = { untagged: [], deleted: [], reclaimed: 0 };
  const { database } = context;
  const images = allImages(database);
  const before = layersHere(context, images);
  for (const image of images.filter((each) => fits(each, filters))) {
    const { tags, digests } = namesOf(database, image.id);
    const isNameless = tags.length + digests.length === 0;
    if (isNameless ? imagesInIndexes(database).has(image.id) : tags.length > 0 && !all) continue;
    if (usersOfImage(context, image.id).length > 0) continue;
    for (const text of isNameless ? [image.id] : [...tags, ...digests]) {
      const removed = await removeUnlessUsed(context, text);
      pruned.untagged.push(...removed.untagged);
      pruned.deleted.push(...removed.deleted);
    }
  }
  for (const [chainID, size] of before) if (!isHere(context, chainID)) pruned.reclaimed += size;
  const attributes = { reclaimed: String(pruned.reclaimed) };
  appendEvent(context, { type: 'image', action: 'prune', id: '', attributes });
  return pruned;
}

/** The layers of images with their unpacked sizes. */
function layersHere(context: Context, images: readonly ImageRow[]): Map<Digest, number> {
  const layers = new Map<Digest, number>();
  for (const image of images) {
    const sizes = notedLayerSizes(context.database, image.layers);
    for (const [index, chainID] of image.layers.entries())
      if (isHere(context, chainID)) layers.set(chainID, sizes[index] ?? 0);
  }
  return layers;
}

function isHere({ paths }: Context, chainID: Digest): boolean {
  return existsSync(join(paths.layers, hexOf(chainID)));
}

function fits(image: ImageRow, filters: PruneFilters): boolean {
  const { created, config } = parseImageConfig(Buffer.from(image.config));
  const createdAt = timeOf(created);
  if (createdAt === undefined && filters.until !== undefined) return false;
  return fitsPrune({ createdAt: createdAt ?? 0, labels: config.Labels ?? {} }, filters);
}

/** Somebody may have removed the image meanwhile, or have begun to use it. */
async function removeUnlessUsed(context: Context, text: string): Promise<Omit<PrunedImages, 'reclaimed'>> {
  try {
    return await removeImage(context, text, { force: false });
  } catch (error) {
    if (error instanceof EngineError && (error.kind === 'conflict' || error.kind === 'notFound'))
      return { untagged: [], deleted: [] };
    throw error;
  }
}
