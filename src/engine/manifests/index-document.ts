import { MediaType } from '../../oci/descriptor.ts';
import { digestOf } from '../../oci/digest.ts';
import type { Document } from '../../registry/upload.ts';
import type { ManifestEntry } from './lists.ts';

/**
 * The index of a list, written as Docker writes it, so that the same entries have the same digest: Docker's manifest list
 * where all of them are Docker's manifests, else the image spec's index, which takes both.
 */
export function indexDocument(entries: readonly ManifestEntry[]): Document {
  const isDockers = entries.every(({ mediaType }) => mediaType === MediaType.dockerManifest);
  const mediaType = isDockers ? MediaType.dockerIndex : MediaType.ociIndex;
  const manifests = entries.map(({ mediaType: type, bytes, platform }) => ({
    mediaType: type,
    size: bytes.length,
    digest: digestOf(bytes),
    platform,
  }));
  const text = JSON.stringify({ schemaVersion: 2, mediaType, manifests }, undefined, INDENT);
  const bytes = Buffer.from(text);
  return { bytes, mediaType, digest: digestOf(bytes) };
}

const INDENT = 3;
