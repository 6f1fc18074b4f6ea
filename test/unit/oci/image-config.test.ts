import { describe, expect, test } from 'vitest';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { checkLayers, parseImageConfig } from '../../../src/oci/image-config.ts';
import type { Manifest } from '../../../src/oci/manifest.ts';

const DIFF_ID = digestOf('layer');
const minimal = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [DIFF_ID] } };

function parse(document: unknown): ReturnType<typeof parseImageConfig> {
  return parseImageConfig(Buffer.from(JSON.stringify(document)));
}

function manifestWith(layers: number): Manifest {
  const descriptor = { mediaType: 'x', digest: 'sha256:0' as Digest, size: 1 };
  return { kind: 'manifest', mediaType: 'x', config: descriptor, layers: Array(layers).fill(descriptor) };
}

describe('an image config', () => {
  test('needs only layers', () => {
    expect(parse(minimal)).toMatchObject({ ...minimal, config: {}, history: [] });
    const silent = parse({ rootfs: { diff_ids: [DIFF_ID] }, architecture: null });
    expect(silent).toMatchObject({ os: '', architecture: '', rootfs: minimal.rootfs });
  });

  test('may say what it likes where it is only shown', () => {
    const odd = {
      created: 5,
      author: {},
      history: [{ created: 1, comment: ['x'], created_by: 'RUN true', empty_layer: 'yes' }],
      config: { ArgsEscaped: 'no', OnBuild: 'RUN true' },
      'os.version': [],
    };
    const parsed = parse({ ...minimal, ...odd });
    expect(parsed).toMatchObject({ created: undefined, author: undefined });
    expect(parsed.config).toMatchObject({ ArgsEscaped: undefined, OnBuild: undefined });
    expect(parsed.history).toEqual([{ created_by: 'RUN true' }]);
    expect(parse({ ...minimal, history: 'none' }).history).toEqual([]);
  });

  test('may have one word where a list of them belongs, as Docker reads it', () => {
    const { config } = parse({ ...minimal, config: { Entrypoint: '/init', Cmd: '', Shell: 'sh' } });
    expect([config.Entrypoint, config.Cmd, config.Shell]).toEqual([['/init'], [], ['sh']]);
  });

  test('may have a health check with any whole numbers', () => {
    const Healthcheck = { Interval: -1, Timeout: 0, StartPeriod: 365 * 86_400e9, Retries: -3 };
    expect(parse({ ...minimal, config: { Healthcheck } }).config.Healthcheck).toMatchObject(Healthcheck);
    expect(() => parse({ ...minimal, config: { Healthcheck: { Interval: '1s' } } })).toThrow(
      'config.Healthcheck.Interval must be a whole number',
    );
  });

  test('without layers is not that of an image', () => {
    for (const rootfs of [undefined, null]) {
      expect(() => parse({ ...minimal, rootfs })).toThrow(
        expect.objectContaining({
          kind: 'unsupported',
          message: 'config has no rootfs: it is not that of a container image',
        }),
      );
    }
  });

  test('keeps everything that containers are made from', () => {
    const config = {
      User: '1000:1000',
      ExposedPorts: { '80/tcp': {} },
      Env: ['PATH=/bin'],
      Entrypoint: ['/init'],
      Cmd: ['-v'],
      Volumes: { '/data': {} },
      WorkingDir: '/srv',
      Labels: { a: 'b' },
      StopSignal: 'SIGQUIT',
      Shell: ['/bin/sh', '-c'],
      Healthcheck: { Test: ['CMD', 'true'], Interval: 30_000_000_000, Retries: 3 },
      ArgsEscaped: true,
      OnBuild: ['RUN true'],
    };
    const history = [{ created: '2024-01-01T00:00:00Z', created_by: 'RUN true', empty_layer: true }];
    const document = { ...minimal, variant: 'v2', created: '2024-01-01T00:00:00Z', config, history };
    expect(parse(document)).toMatchObject(document);
  });

  test('treats null as absent, which is how Go writes what is empty', () => {
    const nulls = {
      User: null,
      Env: null,
      Cmd: null,
      Volumes: null,
      Labels: null,
      Healthcheck: null,
      OnBuild: null,
    };
    const parsed = parse({ ...minimal, created: null, config: nulls, history: null });
    expect(parsed.config.Env).toBeUndefined();
    expect(parsed.history).toEqual([]);
    expect(
      parse({ ...minimal, config: { Volumes: { '/data': null }, Labels: { a: null } } }).config,
    ).toMatchObject({
      Volumes: { '/data': {} },
      Labels: { a: '' },
    });
    expect(parse({ ...minimal, rootfs: { type: 'layers', diff_ids: null } }).rootfs.diff_ids).toEqual([]);
  });

  test.each([
    ['a number for an architecture', { ...minimal, architecture: 64 }, 'architecture must be a string'],
    ['text for a list', { ...minimal, config: { Env: 'A=b' } }, 'config.Env must be a list, but is string'],
    ['a number in a list', { ...minimal, config: { Env: ['A=b', 1] } }, 'config.Env[1] must be a string'],
    [
      'a list for a map',
      { ...minimal, config: { Labels: [] } },
      'config.Labels must be an object, but is a list',
    ],
    [
      'a broken diffID',
      { ...minimal, rootfs: { type: 'layers', diff_ids: ['x'] } },
      'rootfs.diff_ids[0] "x"',
    ],
    ['a list for a root file system', { ...minimal, rootfs: [] }, 'rootfs must be an object'],
  ])('with %s is refused by the name of the member', (_what, document, message) => {
    expect(() => parse(document)).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining(message) }),
    );
  });

  test('with names such as __proto__ does not reach into objects', () => {
    const text = JSON.stringify(minimal).replace('{', '{"config":{"Labels":{"__proto__":"x"}},');
    const { config } = parseImageConfig(Buffer.from(text));
    expect(Object.entries(config.Labels ?? {})).toEqual([['__proto__', 'x']]);
  });

  test('must describe as many layers as the manifest has', () => {
    expect(() => checkLayers(manifestWith(1), parse(minimal))).not.toThrow();
    expect(() => checkLayers(manifestWith(2), parse(minimal))).toThrow(
      'image has 2 layers, but its config describes 1',
    );
  });
});
