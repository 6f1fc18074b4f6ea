import { EngineError } from '../errors.ts';
import { canonicalJson } from '../oci/canonical-json.ts';
import { type Descriptor, MediaType } from '../oci/descriptor.ts';
import { type Manifest, ociLayerType } from '../oci/manifest.ts';
import { type Image, type ImageDocument, readImage, readManifest } from './image.ts';

const LAYER_TYPES: Record<string, string> = {
  [MediaType.ociLayer]: MediaType.dockerLayer,
  [MediaType.ociLayerGzip]: MediaType.dockerLayerGzip,
};

/**
 * Returns the same image with a manifest in Docker's media types (Docker image manifest, schema 2), for what reads no others;
 * config and layers stay. Throws `invalid` for what these cannot say: layers in zstd, annotations.
 */
export function inDockerTypes({ manifest: { parsed }, config }: Image): Image {
  if (Object.keys(parsed.annotations ?? {}).length > 0)
    throw new EngineError('invalid', 'a manifest in the media types of Docker has no annotations', {
      hint: 'leave oci-mediatypes=false out',
    });
  const manifest = readManifest(
    canonicalJson({
      schemaVersion: 2,
      mediaType: MediaType.dockerManifest,
      config: { ...parsed.config, mediaType: MediaType.dockerConfig },
      layers: parsed.layers.map(inDockerType),
    }),
  );
  return readImage(manifest as ImageDocument<Manifest>, config.bytes);
}

function inDockerType({ mediaType, digest, size }: Descriptor): Descriptor {
  const type = LAYER_TYPES[ociLayerType(mediaType) ?? ''];
  if (type !== undefined) return { mediaType: type, digest, size };
  throw new EngineError('invalid', `the media types of Docker have none for layer ${digest}`, {
    subject: digest,
    hint: 'leave oci-mediatypes=false out, or take compression=gzip,force-compression=true',
  });
}
