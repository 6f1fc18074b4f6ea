import { join } from 'node:path';
import { hexOf } from '../oci/digest.ts';
import { parseImageConfig } from '../oci/image-config.ts';
import type { Context } from './context.ts';
import { familiarName, type ImageRow, namesOf } from './image-store.ts';

/** An image as `docker image inspect` shows it (Docker Engine API, ImageInspect): JSON, Docker's names and units. */
export function inspectImage(context: Context, image: ImageRow): object {
  const config = parseImageConfig(Buffer.from(image.config));
  const names = namesOf(context.database, image.id);
  const lowers = image.layers.map((chainID) => join(context.paths.layers, hexOf(chainID)));
  return {
    Id: image.id,
    RepoTags: names.tags.map(familiarName),
    RepoDigests: names.digests.map(familiarName),
    Comment: config.history.at(-1)?.comment ?? '',
    Created: config.created ?? '',
    Author: config.author ?? '',
    Config: config.config,
    Architecture: config.architecture,
    ...(config.variant === undefined ? {} : { Variant: config.variant }),
    Os: config.os,
    Size: image.size,
    GraphDriver: { Name: 'overlay', Data: { LowerDir: lowers.reverse().join(':') } },
    RootFS: { Type: 'layers', Layers: config.rootfs.diff_ids },
    Metadata: { LastTagTime: new Date(image.createdAt).toISOString() },
  };
}
