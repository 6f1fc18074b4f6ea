import { describe, expect, it } from 'vitest';
import { inDockerTypes } from '../../../src/image/docker-types.ts';
import { imageOfConfig } from '../../../src/image/image.ts';
import { MediaType } from '../../../src/oci/descriptor.ts';
import { digestOf } from '../../../src/oci/digest.ts';

const config = Buffer.from(
  JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [digestOf(Buffer.from('a')), digestOf(Buffer.from('b'))] },
  }),
);
const layers = (...types: string[]) =>
  types.map((mediaType, index) => ({ mediaType, digest: digestOf(Buffer.from([index])), size: 1 }));

describe("an image in Docker's media types", () => {
  it('has the same config and layers', () => {
    const image = imageOfConfig(config, layers(MediaType.ociLayer, MediaType.ociLayerGzip));
    const { manifest, config: same, layers: found } = inDockerTypes(image);
    expect([manifest.mediaType, manifest.parsed.config.mediaType, same.digest]).toEqual([
      MediaType.dockerManifest,
      MediaType.dockerConfig,
      image.config.digest,
    ]);
    expect(found.map(({ descriptor }) => descriptor)).toEqual(
      layers(MediaType.dockerLayer, MediaType.dockerLayerGzip),
    );
  });

  it.each([
    ['annotations', layers(MediaType.ociLayer, MediaType.ociLayer), { a: 'b' }, 'has no annotations'],
    ['zstd', layers(MediaType.ociLayer, MediaType.ociLayerZstd), undefined, 'have none for layer'],
  ])('cannot have %s', (_, descriptors, annotations, message) => {
    expect(() => inDockerTypes(imageOfConfig(config, descriptors, annotations))).toThrow(message);
  });
});
