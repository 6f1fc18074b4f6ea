import { parseImageConfig } from '../../oci/image-config.ts';
import type { Context } from '../store/context.ts';
import { familiarName, type ImageRow, namesOf } from '../store/images.ts';
import { notedLayerSizes } from '../store/layer-sizes.ts';
import { timeOf } from './time.ts';

/** A step of how an image came to be, as `docker history` tells it (Docker Engine API, ImageHistory). */
export interface HistoryStep {
  /** The image's id, of the last step; undefined: nobody kept an image of this step. */
  id: string | undefined;
  /** ms since the epoch; undefined: it does not say. */
  createdAt: number | undefined;
  createdBy: string;
  comment: string;
  /** Bytes of its layer, unpacked; 0 when it has none. */
  size: number;
  /** Familiar names of the image, of the last step. */
  tags: string[];
}

/**
 * Returns the steps of an image, the last one first. Steps and layers pair up by order (OCI image spec, config.md,
 * `history`): layers that no step tells of stand for themselves, below all that is told.
 */
export function imageHistory({ database }: Context, image: ImageRow): HistoryStep[] {
  const { history } = parseImageConfig(Buffer.from(image.config));
  const sizes = notedLayerSizes(database, image.layers);
  const untold = image.layers.length - history.filter(({ empty_layer: isEmpty }) => isEmpty !== true).length;
  const told = [...Array.from({ length: Math.max(0, untold) }, () => ({})), ...history];
  let layer = 0;
  const steps = told.map((entry: (typeof history)[number]): HistoryStep => {
    const size = entry.empty_layer === true ? 0 : (sizes[layer++] ?? 0);
    const { created, created_by: createdBy = '', comment = '' } = entry;
    return { id: undefined, createdAt: timeOf(created), createdBy, comment, size, tags: [] };
  });
  const last = steps.at(-1);
  if (last !== undefined) {
    last.id = image.id;
    last.tags = namesOf(database, image.id).tags.map(familiarName);
  }
  return steps.reverse();
}
