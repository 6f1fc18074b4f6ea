import { EngineError } from '../../errors.ts';
import type { RuntimeMount } from '../../runtime/options.ts';
import type { ImageMount } from '../options/mounts.ts';
import type { OwnerMaps } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { imageById, noSuchImage } from '../store/images.ts';
import { layerDirectories } from '../store/layer-directories.ts';
import { layersMount } from './layers-mount.ts';

/**
 * The files of another image, read-only. Throws `notFound` for one that was removed, `unsupported` where its owners cannot
 * be shown through the id maps of the container.
 */
export function imageMount(
  context: Context,
  { image: name, imageId, target: destination, subpath }: ImageMount,
  idMaps: OwnerMaps | undefined,
): RuntimeMount {
  const image = imageId === undefined ? undefined : imageById(context.database, imageId);
  if (image === undefined) throw noSuchImage(name);
  if (idMaps?.idMapped === false) {
    throw new EngineError('unsupported', `image ${name} cannot be mounted in a user namespace on this host`, {
      subject: name,
      hint: 'that takes a kernel and a file system that show layers through id maps',
    });
  }
  const lowers = layerDirectories(context, image.layers, idMaps);
  if (lowers.length === 0) {
    throw new EngineError('invalid', `image ${name} has no files that could be mounted`, { subject: name });
  }
  return layersMount({ lowers, beneath: subpath || undefined, destination, idMap: idMaps !== undefined });
}
