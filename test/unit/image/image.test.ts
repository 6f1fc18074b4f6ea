import { describe, expect, it } from 'vitest';
import { type Composition, composeImage, readImage, readManifest } from '../../../src/image/image.ts';
import { MediaType } from '../../../src/oci/descriptor.ts';
import { chainIDs, type Digest, digestOf } from '../../../src/oci/digest.ts';

const layer = (text: string, mediaType: string = MediaType.ociLayerGzip) => ({
  descriptor: { mediaType, digest: digestOf(`compressed ${text}`), size: text.length },
  diffID: digestOf(text),
});

/** The example of the image spec, config.md, without what skiff has no use for. */
const EXAMPLE: Composition['config'] = {
  created: '2015-10-31T22:22:56.015925234Z',
  author: 'Alyssa P. Hacker <alyspdev@example.com>',
  architecture: 'amd64',
  os: 'linux',
  config: {
    User: 'alice',
    ExposedPorts: { '8080/tcp': {} },
    Env: ['PATH=/usr/bin:/bin', 'FOO=oci_is_a'],
    Entrypoint: ['/bin/my-app-binary'],
    Cmd: ['--foreground', '--config', '/etc/my-app.d/default.cfg'],
    Volumes: { '/var/job-result-data': {}, '/var/log/my-app-logs': {} },
    WorkingDir: '/home/alice',
    Labels: { 'com.example.project.git.url': 'https://example.com/project.git' },
  },
  history: [
    { created: '2015-10-31T22:22:54.690851953Z', created_by: '/bin/sh -c #(nop) ADD file:a3bc in /' },
    { created_by: '/bin/sh -c #(nop) CMD ["sh"]', empty_layer: true },
    { created_by: '/bin/sh -c apk add curl' },
  ],
};

const two = [layer('one'), layer('two')];
const compose = (changes: Partial<Composition> = {}) =>
  composeImage({ config: EXAMPLE, layers: two, ...changes });
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('a composed image', () => {
  it('has the config and the layers that it was made of', () => {
    const { config, manifest, layers } = compose({ annotations: { 'com.example.key1': 'value1' } });
    expect(config.parsed).toEqual({
      ...EXAMPLE,
      rootfs: { type: 'layers', diff_ids: two.map(({ diffID }) => diffID) },
    });
    expect(manifest.parsed).toEqual({
      kind: 'manifest',
      mediaType: MediaType.ociManifest,
      config: { mediaType: MediaType.ociConfig, digest: config.digest, size: config.bytes.length },
      layers: two.map(({ descriptor }) => descriptor),
      annotations: { 'com.example.key1': 'value1' },
    });
    const chain = chainIDs(two.map(({ diffID }) => diffID));
    expect(layers).toEqual(two.map((each, index) => ({ ...each, chainID: chain[index] })));
  });

  it('is canonical JSON, named by its digest', () => {
    const { config, manifest } = composeImage({
      config: { os: 'linux', architecture: 'amd64', config: { Labels: { b: '1', a: 'é\n' } }, history: [] },
      layers: [],
    });
    const expected = `{"architecture":"amd64","config":{"Labels":{"a":"é\\n","b":"1"}},"history":[],"os":"linux",`;
    expect(text(config.bytes)).toBe(`${expected}"rootfs":{"diff_ids":[],"type":"layers"}}`);
    expect(config.digest).toBe(digestOf(config.bytes));
    expect(manifest.digest).toBe(digestOf(manifest.bytes));
    expect(text(manifest.bytes)).toMatch(
      /^\{"config":\{"digest":"sha256:[^{}]*\},"layers":\[\],"mediaType":/,
    );
  });

  it('is the same byte by byte in whichever order its parts were put together', () => {
    const { history, config, os, architecture, author, created } = EXAMPLE;
    const Labels = { x: '1', '10': '2', '9': '3' };
    const first = compose({ config: { ...EXAMPLE, config: { ...config, Labels } } });
    const { Cmd, ...rest } = config;
    const turned = { '9': '3', '10': '2', x: '1' };
    const second = compose({
      config: {
        history,
        os,
        config: { ...rest, Cmd, Labels: turned },
        created,
        author,
        architecture,
      },
    });
    expect(text(second.config.bytes)).toBe(text(first.config.bytes));
    expect(second.manifest.digest).toBe(first.manifest.digest);
    expect(text(first.config.bytes)).toContain('"Labels":{"10":"2","9":"3","x":"1"}');
  });

  it('keeps labels of any name', () => {
    const Labels = JSON.parse('{"__proto__":"x","constructor":"y"}');
    const { config } = compose({ config: { ...EXAMPLE, config: { Labels } } });
    expect(Object.entries(config.parsed.config.Labels ?? {})).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });

  it('differs when the order of its layers does', () => {
    expect(compose({ layers: two.toReversed() }).config.digest).not.toBe(compose().config.digest);
  });

  it.each([
    [MediaType.dockerLayerGzip, MediaType.ociLayerGzip],
    [MediaType.dockerLayer, MediaType.ociLayer],
    ['application/vnd.docker.image.rootfs.diff.tar.zstd', MediaType.ociLayerZstd],
    [
      'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
      'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    ],
    [MediaType.ociLayerZstd, MediaType.ociLayerZstd],
  ])('calls a layer of type %s %s', (given, expected) => {
    expect(compose({ layers: [layer('one', given)] }).layers[0]?.descriptor.mediaType).toBe(expected);
  });

  it.each<[string, Partial<Composition>, object]>([
    ['no architecture', { config: { ...EXAMPLE, architecture: '' } }, { kind: 'invalid' }],
    ['no operating system', { config: { ...EXAMPLE, os: '' } }, { kind: 'invalid' }],
    [
      'a layer that may be anything',
      { layers: [layer('one', 'application/octet-stream')] },
      { kind: 'unsupported', subject: digestOf('compressed one') },
    ],
    [
      'a layer of a negative size',
      { layers: [{ ...layer('one'), descriptor: { ...layer('one').descriptor, size: -1 } }] },
      { kind: 'invalid', message: 'layers[0].size must be a whole number of 0 or more, but is number' },
    ],
    [
      'a layer of no digest',
      { layers: [{ ...layer('one'), diffID: 'sha256:1' as Digest }] },
      { kind: 'invalid', subject: 'sha256:1' },
    ],
    [
      'a config that nobody would read',
      { config: { ...EXAMPLE, author: 'x'.repeat(8 * 1024 * 1024) } },
      { kind: 'invalid', message: 'image config is larger than 8388608 bytes' },
    ],
  ])('is refused with %s', (_, changes, error) => {
    expect(() => compose(changes)).toThrow(expect.objectContaining(error));
  });
});

describe('an image that is read', () => {
  const made = compose();

  it('is the one that was written', () => {
    const manifest = readManifest(made.manifest.bytes, made.manifest.mediaType);
    expect(manifest).toEqual(made.manifest);
    expect(readImage(made.manifest, made.config.bytes)).toEqual(made);
  });

  it('keeps the names and the bytes of Docker', () => {
    const config = {
      mediaType: MediaType.dockerConfig,
      digest: made.config.digest,
      size: made.config.bytes.length,
    };
    const layers = [layer('one', MediaType.dockerLayerGzip), layer('two', MediaType.dockerLayerGzip)];
    const written = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MediaType.dockerManifest,
        config,
        layers: layers.map(({ descriptor }) => descriptor),
      }),
    );
    const manifest = readManifest(written, 'application/json');
    expect(manifest).toMatchObject({ mediaType: MediaType.dockerManifest, digest: digestOf(written) });
    if (manifest.parsed.kind !== 'manifest') throw new Error('it is an index');
    const image = readImage({ ...manifest, parsed: manifest.parsed }, made.config.bytes);
    expect(image.config.mediaType).toBe(MediaType.dockerConfig);
    expect(image.layers.map(({ descriptor }) => descriptor)).toEqual(
      layers.map(({ descriptor }) => descriptor),
    );
  });

  it('is refused when its config is longer than its manifest says', () => {
    const { length } = made.config.bytes;
    const longer = Buffer.concat([made.config.bytes, Buffer.from(' ')]);
    expect(() => readImage(made.manifest, longer)).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        subject: made.config.digest,
        message: `the image's config ${made.config.digest} has ${length + 1} bytes instead of ${length}`,
      }),
    );
  });

  it('is refused when its config is not the one that its manifest names', () => {
    const other = Buffer.from(text(made.config.bytes).replace('"alice"', '"marta"'));
    expect(() => readImage(made.manifest, other)).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        subject: made.config.digest,
        message: `the image's config ${made.config.digest} has digest ${digestOf(other)}`,
      }),
    );
  });

  it('is refused when its config has another number of layers', () => {
    const { parsed } = made.manifest;
    const manifest = { ...made.manifest, parsed: { ...parsed, layers: parsed.layers.slice(1) } };
    expect(() => readImage(manifest, made.config.bytes)).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        message: 'image has 1 layers, but its config describes 2',
      }),
    );
  });
});
