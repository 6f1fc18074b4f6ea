import { canonicalJson } from '../oci/canonical-json.ts';
import { MediaType } from '../oci/descriptor.ts';
import { blobsOfManifest, type Index } from '../oci/manifest.ts';
import type { Platform } from '../oci/platform.ts';
import { type Image, type ImageDocument, readManifest } from './image.ts';
import type { IndexEntry, WholeIndex } from './whole-index.ts';

/** An image, and what an index is to say that it is for. */
export interface PlatformImage {
  image: Image;
  platform: Platform;
}

/**
 * Composes an index of images, in their order (OCI image spec, image-index.md), as canonical JSON: the same images give the
 * same digest. Throws as `parseManifest` for one that would be too large to be read again.
 */
export function composeIndex(images: readonly PlatformImage[]): WholeIndex {
  const entries = images.map(({ image, platform: { os, architecture, variant } }): IndexEntry => {
    const { mediaType, digest, bytes } = image.manifest;
    const descriptor = { mediaType, digest, size: bytes.length, platform: { os, architecture, variant } };
    return { descriptor, kind: 'image', bytes, blobs: blobsOfManifest(bytes), image };
  });
  const manifests = entries.map(({ descriptor }) => descriptor);
  const text = canonicalJson({ schemaVersion: 2, mediaType: MediaType.ociIndex, manifests });
  return { document: readManifest(text, MediaType.ociIndex) as ImageDocument<Index>, entries };
}
