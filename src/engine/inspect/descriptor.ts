import type { Descriptor } from '../../oci/descriptor.ts';
import type { ImageConfig } from '../../oci/image-config.ts';
import type { Context } from '../store/context.ts';
import { type ImageRow, manifestOf } from '../store/images.ts';
import { omitEmpty } from './go-json.ts';

/** The manifest of the image of a container, with its platform (ContainerInspect, `ImageManifestDescriptor`). */
export function imageManifest(
  { database }: Context,
  id: ImageRow['id'],
  { os, architecture, variant }: ImageConfig,
): object | undefined {
  const manifest = manifestOf(database, id);
  if (manifest === undefined) return undefined;
  const { mediaType, digest, body } = manifest;
  return descriptorObject({
    mediaType,
    digest,
    size: Buffer.byteLength(body),
    platform: { os, architecture, variant },
  });
}

/** A descriptor as Docker's API has those of OCI: their own names. */
export function descriptorObject({ mediaType, digest, size, annotations, platform }: Descriptor): object {
  return {
    mediaType,
    digest,
    size,
    ...(annotations !== undefined && { annotations }),
    ...(platform !== undefined && { platform: platformObject(platform) }),
  };
}

export function platformObject({ os, architecture, variant }: NonNullable<Descriptor['platform']>): object {
  return omitEmpty({ architecture, os, variant: variant ?? '' }, 'variant');
}
