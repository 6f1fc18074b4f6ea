import { describe, expect, it } from 'vitest';
import {
  blobName,
  checkLayoutVersion,
  imagesOfLayout,
  layoutIndex,
  layoutVersion,
} from '../../../src/image/oci-layout.ts';
import { formatReference, parseReference } from '../../../src/image/reference.ts';
import { type Descriptor, MediaType } from '../../../src/oci/descriptor.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { type Index, parseManifest } from '../../../src/oci/manifest.ts';

const digest = (text: string): Digest => digestOf(Buffer.from(text));

function entry(text: string, annotations?: Record<string, string>): Descriptor {
  return { mediaType: MediaType.ociManifest, digest: digest(text), size: 3, annotations };
}

const images = (...manifests: Descriptor[]) =>
  imagesOfLayout({ kind: 'index', mediaType: MediaType.ociIndex, manifests }).map(
    ({ reference, entries }) => [reference && formatReference(reference), entries.length],
  );

describe('an OCI layout', () => {
  it('is read as it is written', () => {
    const reference = parseReference('localhost:5000/team/app:1');
    const bytes = layoutIndex([
      { descriptor: entry('a'), reference },
      { descriptor: entry('b'), reference: undefined },
    ]);
    const index = parseManifest(bytes, MediaType.ociIndex) as Index;
    expect(imagesOfLayout(index)).toMatchObject([
      { reference, entries: [{ digest: digest('a') }] },
      { reference: undefined, entries: [{ digest: digest('b') }] },
    ]);
    expect(index.manifests[0]?.annotations?.['org.opencontainers.image.ref.name']).toBe('1');
  });

  it('has one image for each reference, and one for each entry without any', () => {
    const name = { 'io.containerd.image.name': 'docker.io/library/app:1' };
    expect(images(entry('a', name), entry('b'), entry('c', name), entry('d'))).toEqual([
      ['docker.io/library/app:1', 2],
      [undefined, 1],
      [undefined, 1],
    ]);
  });

  it.each([
    ['app:1', 'docker.io/library/app:1'],
    ['quay.io/team/app', 'quay.io/team/app:latest'],
    ['latest', undefined],
    ['1.0', undefined],
    ['UPPER/Case:1', undefined],
  ])('knows a name from a tag: %s', (text, reference) => {
    expect(images(entry('a', { 'org.opencontainers.image.ref.name': text }))).toEqual([[reference, 1]]);
  });

  it('is of a version that is known', () => {
    checkLayoutVersion(layoutVersion());
    for (const text of ['{"imageLayoutVersion":"2.0.0"}', '{}', 'x'])
      expect(() => checkLayoutVersion(Buffer.from(text))).toThrow();
  });

  it('has blobs by their digests', () => {
    expect(blobName(digest('a'))).toBe(`blobs/sha256/${digest('a').slice(7)}`);
  });
});
