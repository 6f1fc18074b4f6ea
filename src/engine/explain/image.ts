import { existsSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import type { Image } from '../../image/image.ts';
import { formatPlatform, platformMatches, requirePlatform } from '../../image/platform.ts';
import type { Digest } from '../../oci/digest.ts';
import { parseImageConfig } from '../../oci/image-config.ts';
import type { Platform } from '../../oci/platform.ts';
import { findEmbedded } from '../images/embedded.ts';
import { manifestRowOf, rowOf } from '../images/intake.ts';
import type { CreateOptions } from '../options/create.ts';
import { noImage } from '../prepare/root-directory.ts';
import type { Context } from '../store/context.ts';
import {
  type FoundImage,
  type ImageRow,
  imageById,
  lookUpImage,
  notFetched,
  saveImage,
} from '../store/images.ts';
import { layerDirectories } from '../store/layer-directories.ts';
import { type ExplainedPull, type ExplainPullOptions, explainPull } from './pull.ts';

/** The image of a container to be, and where it comes from: the store, this very program, or a registry first. */
export interface ExplainedImage {
  /** As it was asked for. */
  name: string;
  id: Digest;
  platform: string;
  /** `host`: it is no image but a directory, without id and layers. */
  from: 'store' | 'program' | 'registry' | 'host';
  /** chainIDs, bottom first, with whether the layer is there. */
  layers: { chainID: Digest; isHere: boolean }[];
  /** Bytes that it takes unpacked; absent: not known yet. */
  size?: number | undefined;
  /** With `registry`. */
  pull?: ExplainedPull | undefined;
}

export interface ImageRequest extends Pick<ExplainPullOptions, 'warn' | 'signal'> {
  /** When it is fetched; what the faces call the same. */
  pull: 'always' | 'missing' | 'never';
}

/**
 * Finds the image as whoever makes a container does. One that is not in the store is put into the preview's rows, with
 * what its registry says of it. Throws as a pull, and `notFound` for one that may not be fetched.
 */
export async function explainImage(
  context: Context,
  { image: name, platform, rootfs }: Pick<CreateOptions, 'image' | 'platform' | 'rootfs'>,
  { pull: policy, warn, signal }: ImageRequest,
): Promise<{ explained: ExplainedImage; row: ImageRow }> {
  if (rootfs !== undefined) {
    const row = noImage();
    return { explained: { name, id: row.id, platform: '', from: 'host', layers: [] }, row };
  }
  if (policy !== 'always') {
    const found = await here(context, name);
    if (found === undefined && policy === 'never') throw notFetched(name);
    const fitting = found && (await fittingOf(context, found, platform));
    if (found !== undefined && fitting === undefined && policy === 'never' && platform !== undefined)
      requirePlatform(configOf(found.row), platform, name);
    if (fitting !== undefined) return { explained: explained(context, name, fitting), row: fitting.row };
  }
  const { explained: pull, image } = await explainPull(context, name, { platform, warn, signal });
  const row = known(context, image, pull.name);
  return { explained: explained(context, name, { row, from: 'registry', pull }), row };
}

interface Found extends Pick<ExplainedImage, 'from' | 'pull'> {
  row: ImageRow;
  /** Canonical; absent when it was not found by one. */
  name?: string | undefined;
}

/** What was found, or the image for a platform that is in the same kept index; undefined when neither is for it. */
async function fittingOf(
  context: Context,
  found: Found,
  platform: Platform | undefined,
): Promise<Found | undefined> {
  if (platform === undefined || platformMatches(configOf(found.row), platform)) return found;
  const { name } = found;
  if (name === undefined) return undefined;
  const { imageInIndex } = await import('../images/other-platform.ts');
  const image = await imageInIndex(context.database, { image: found.row, name }, platform).catch(
    unlessNotFound,
  );
  return image === undefined ? undefined : { row: known(context, image, name), from: 'store' };
}

function unlessNotFound(error: unknown): undefined {
  if (error instanceof EngineError && error.kind === 'notFound') return undefined;
  throw error;
}

async function here(context: Context, text: string): Promise<Found | undefined> {
  const found = lookUpImage(context.database, text);
  if (found !== undefined) return inStore(found);
  const embedded = await findEmbedded(context, text);
  if (embedded === undefined) return undefined;
  if (embedded.present !== undefined) return inStore(embedded.present);
  return { row: known(context, embedded.image, embedded.name), from: 'program' };
}

function inStore({ image, name }: FoundImage): Found {
  return { row: image, from: 'store', name };
}

/** The row that an image will have. */
function known({ database }: Context, image: Image, name: string): ImageRow {
  const there = imageById(database, image.config.digest);
  if (there !== undefined) return there;
  const chain = image.layers.map(({ chainID }) => chainID);
  const row = rowOf(image, chain, 0);
  database.transaction(() => saveImage(database, row, manifestRowOf(image, undefined), [name]));
  return row;
}

function configOf({ config }: ImageRow) {
  return parseImageConfig(Buffer.from(config));
}

function explained(context: Context, name: string, { row, from, pull }: Found): ExplainedImage {
  const { id, layers, size } = row;
  return {
    name,
    id,
    platform: formatPlatform(configOf(row)),
    from,
    layers: layers.map((chainID) => {
      const [directory = ''] = layerDirectories(context, [chainID], undefined);
      return { chainID, isHere: existsSync(directory) };
    }),
    ...(size > 0 ? { size } : {}),
    ...(pull === undefined ? {} : { pull }),
  };
}
