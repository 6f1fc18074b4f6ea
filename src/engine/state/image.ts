import { EngineError } from '../../errors.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { type ImageRow, imageById } from '../store/images.ts';

/** The image that a container was made of, also when it was removed by force: its layers stay with the container. */
export function imageOfContainer({ database }: Context, row: ContainerRow): ImageRow {
  const image = imageById(database, row.imageId);
  if (image !== undefined) return image;
  const { name, imageId, imageName, imageConfig, layers, createdAt } = row;
  if (imageConfig !== undefined) return { id: imageId, config: imageConfig, layers, size: 0, createdAt };
  throw new EngineError('notFound', `container ${name} cannot be started: its image ${imageName} is gone`, {
    subject: imageName,
    remedy: `make it again: skiff rm ${name}, then skiff run with the same options`,
  });
}
