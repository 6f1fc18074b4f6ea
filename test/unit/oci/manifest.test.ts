import { describe, expect, test } from 'vitest';
import { MANIFEST_LIMIT, parseManifest } from '../../../src/oci/manifest.ts';

const DIGEST = `sha256:${'0f'.repeat(32)}`;
const OCI = 'application/vnd.oci.image';
const DOCKER = 'application/vnd.docker';

const config = { mediaType: `${OCI}.config.v1+json`, digest: DIGEST, size: 10 };
const layer = { mediaType: `${OCI}.layer.v1.tar+gzip`, digest: DIGEST, size: 20 };
const manifest = { schemaVersion: 2, mediaType: `${OCI}.manifest.v1+json`, config, layers: [layer] };
const index = {
  schemaVersion: 2,
  mediaType: `${OCI}.index.v1+json`,
  manifests: [
    {
      mediaType: `${OCI}.manifest.v1+json`,
      digest: DIGEST,
      size: 30,
      platform: { os: 'linux', architecture: 'arm', variant: 'v7', 'os.features': null },
      annotations: null,
    },
  ],
};

function parse(document: unknown, mediaType?: string): ReturnType<typeof parseManifest> {
  return parseManifest(
    Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)),
    mediaType,
  );
}

describe('a manifest', () => {
  test('has a config and layers, and members that nobody knows do not matter', () => {
    expect(parse({ ...manifest, annotations: { a: 'b' }, news: 1 }, manifest.mediaType)).toEqual({
      kind: 'manifest',
      mediaType: manifest.mediaType,
      config,
      layers: [layer],
      annotations: { a: 'b' },
    });
  });

  test('of Docker schema 2 is read as well', () => {
    const mediaType = `${DOCKER}.distribution.manifest.v2+json`;
    const docker = {
      schemaVersion: 2,
      mediaType,
      config: { ...config, mediaType: `${DOCKER}.container.image.v1+json` },
      layers: [{ ...layer, mediaType: `${DOCKER}.image.rootfs.diff.tar.gzip` }],
    };
    expect(parse(docker, mediaType)).toMatchObject({ kind: 'manifest', mediaType });
  });

  test.each([
    ['', 'application/octet-stream'],
    ['application/octet-stream', ''],
    [undefined, undefined],
    ['text/html', 'application/x-tar'],
    ['application/json', 'application/gzip'],
    [`${OCI}.config.v1+json`, `${OCI}.layer.nondistributable.v1.tar+zstd`],
    [`${DOCKER}.container.image.v1+json`, `${DOCKER}.image.rootfs.foreign.diff.tar`],
  ])('may call its config %j and its layers %j', (ofConfig, ofLayer) => {
    const layers = [{ ...layer, mediaType: ofLayer }];
    expect(parse({ ...manifest, config: { ...config, mediaType: ofConfig }, layers })).toMatchObject({
      config: { mediaType: ofConfig ?? '' },
      layers: [{ mediaType: ofLayer ?? '' }],
    });
  });

  test('may have notes of any form, which nobody reads', () => {
    const odd = { ...manifest, annotations: ['x'], layers: [{ ...layer, annotations: { a: 1 } }] };
    expect(parse(odd)).toMatchObject({ kind: 'manifest', annotations: undefined });
  });

  test('is recognised by its form when neither the registry nor the document names its type', () => {
    const { mediaType, ...untyped } = manifest;
    expect(parse(untyped, 'application/json')).toMatchObject({ kind: 'manifest', mediaType });
    expect(parse({ ...untyped, mediaType: '' })).toMatchObject({ kind: 'manifest', mediaType });
    expect(parse({ schemaVersion: 2, manifests: [] })).toMatchObject({ kind: 'index' });
  });

  test.each([
    ['is not JSON', '<html>', 'manifest is not JSON'],
    ['is a list', '[]', 'manifest must be an object, but is a list'],
    ['is empty', '{}', 'manifest has neither layers nor manifests'],
    [
      'has another schema version',
      { ...manifest, schemaVersion: 3 },
      'manifest has schema version 3 instead of 2',
    ],
    [
      'has no schema version',
      { ...manifest, schemaVersion: undefined },
      'schemaVersion must be a whole number',
    ],
    ['is a manifest and an index', { ...manifest, manifests: [] }, 'must not have manifests'],
    [
      'has a size below zero',
      { ...manifest, layers: [{ ...layer, size: -1 }] },
      'layers[0].size must be a whole',
    ],
    [
      'has a size with a fraction',
      { ...manifest, config: { ...config, size: 1.5 } },
      'config.size must be a whole',
    ],
    [
      'has another kind of digest',
      { ...manifest, config: { ...config, digest: 'md5:00' } },
      'not a sha256 digest',
    ],
    [
      'has a path for a digest',
      { ...manifest, layers: [{ ...layer, digest: 'sha256:../x' }] },
      'not a sha256 digest',
    ],
    ['has layers of null', { ...manifest, layers: null }, 'layers must be a list, but is null'],
  ])('that %s is refused', (_what, document, message) => {
    expect(() => parse(document)).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining(message) }),
    );
  });

  test('that was served as something else than it says is refused', () => {
    expect(() => parse(manifest, index.mediaType)).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining('but was served as') }),
    );
  });

  test('that is not UTF-8 is refused', () => {
    expect(() => parseManifest(Buffer.from([0x22, 0xff, 0x22]))).toThrow('manifest is not JSON');
  });

  test('of more than 4 MiB is refused', () => {
    expect(() => parseManifest(Buffer.alloc(MANIFEST_LIMIT + 1, 0x20))).toThrow('larger than 4194304 bytes');
  });

  test.each([
    ['schema 1', { schemaVersion: 1, fsLayers: [], history: [] }, 'outdated schema 1'],
    [
      'a chart',
      { ...manifest, config: { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' } },
      'helm',
    ],
    [
      'an artifact',
      { ...manifest, artifactType: 'text/x', config: { ...config, mediaType: `${OCI}.empty` } },
      'text/x',
    ],
    [
      'an artifact with a config that says nothing',
      { ...manifest, artifactType: 'text/x', config: { ...config, mediaType: 'application/octet-stream' } },
      'text/x is not a container image',
    ],
    [
      'something encrypted',
      { ...manifest, layers: [{ ...layer, mediaType: `${OCI}.layer.v1.tar+gzip+encrypted` }] },
      'tar+gzip+encrypted',
    ],
    [
      'provenance',
      { ...manifest, layers: [{ ...layer, mediaType: 'application/vnd.in-toto+json' }] },
      'in-toto',
    ],
    [
      'another document',
      { ...manifest, mediaType: 'application/x' },
      'application/x is not a container image',
    ],
  ])('of %s is said to be no image', (_what, document, message) => {
    expect(() => parse(document)).toThrow(
      expect.objectContaining({ kind: 'unsupported', message: expect.stringContaining(message) }),
    );
  });
});

describe('an index', () => {
  test('lists manifests with their platforms', () => {
    expect(parse(index, index.mediaType)).toMatchObject({
      kind: 'index',
      manifests: [
        { digest: DIGEST, size: 30, platform: { os: 'linux', architecture: 'arm', variant: 'v7' } },
      ],
    });
  });

  test('is known as a Docker manifest list, too', () => {
    const mediaType = `${DOCKER}.distribution.manifest.list.v2+json`;
    expect(parse({ ...index, mediaType }, mediaType)).toMatchObject({ kind: 'index', mediaType });
  });

  test('that has layers of its own is refused', () => {
    expect(() => parse({ ...index, layers: [layer] })).toThrow('must not have layers');
  });
});
