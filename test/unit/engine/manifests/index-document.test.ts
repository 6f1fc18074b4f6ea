import { describe, expect, it } from 'vitest';
import { indexDocument } from '../../../../src/engine/manifests/index-document.ts';
import type { ManifestEntry } from '../../../../src/engine/manifests/lists.ts';
import { MediaType } from '../../../../src/oci/descriptor.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { parseManifest } from '../../../../src/oci/manifest.ts';

const entry = (mediaType: string, platform: object = {}): ManifestEntry => ({
  reference: 'docker.io/library/app:1',
  mediaType,
  platform: { architecture: 'arm', os: 'linux', ...platform },
  bytes: Buffer.from('{}'),
});

describe('the index of a list', () => {
  it('is a manifest list of Docker where all are manifests of Docker, else an index', () => {
    const [dockers, ocis] = [entry(MediaType.dockerManifest), entry(MediaType.ociManifest)];
    const type = (...entries: ManifestEntry[]) => {
      const { bytes, mediaType } = indexDocument(entries);
      expect(parseManifest(bytes, mediaType).mediaType).toBe(mediaType);
      return mediaType;
    };
    expect(type(dockers, dockers)).toBe(MediaType.dockerIndex);
    expect(type(ocis)).toBe(MediaType.ociIndex);
    expect(type(dockers, ocis)).toBe(MediaType.ociIndex);
  });

  it('is written byte for byte as Docker writes it', () => {
    const platform = { 'os.version': '10', 'os.features': ['a'], variant: 'v7' };
    const { bytes, digest } = indexDocument([entry(MediaType.ociManifest, platform)]);
    expect(Buffer.from(bytes).toString()).toBe(`{
   "schemaVersion": 2,
   "mediaType": "application/vnd.oci.image.index.v1+json",
   "manifests": [
      {
         "mediaType": "application/vnd.oci.image.manifest.v1+json",
         "size": 2,
         "digest": "${digestOf('{}')}",
         "platform": {
            "architecture": "arm",
            "os": "linux",
            "os.version": "10",
            "os.features": [
               "a"
            ],
            "variant": "v7"
         }
      }
   ]
}`);
    expect(digest).toBe(digestOf(bytes));
  });
});
