import { expect, it } from 'vitest';
import { renderPull } from '../../../../src/cli/output/explained-pull.ts';
import type { ExplainedPull } from '../../../../src/engine/explain/pull.ts';
import { digestOf } from '../../../../src/oci/digest.ts';

const [INDEX, MANIFEST, CONFIG] = [digestOf('index'), digestOf('manifest'), digestOf('config')];
const [FIRST, SECOND] = [digestOf('1'), digestOf('2')];
const short = (digest: string) => digest.slice(7, 19);

const PULL: ExplainedPull = {
  name: 'docker.io/library/busybox:latest',
  digest: INDEX,
  manifest: MANIFEST,
  id: CONFIG,
  platform: {
    wanted: 'linux/amd64',
    asked: false,
    offered: ['linux/amd64', 'linux/arm64'],
    found: 'linux/amd64',
  },
  asked: [{ method: 'GET', url: 'https://registry/v2/library/busybox/manifests/latest', status: 200 }],
  layers: [
    { digest: FIRST, mediaType: 'tar', size: 1000, state: 'here' },
    {
      ...{ digest: SECOND, mediaType: 'tar', size: 2_000_000, state: 'missing' },
      request: { method: 'GET', url: 'https://registry/v2/library/busybox/blobs/sha256:2' },
    },
  ],
  download: 2_000_000,
};

it('says what a registry was asked, and what a pull would fetch', () => {
  expect(renderPull(PULL)).toBe(
    [
      'Nothing is fetched but manifest and config, which are not kept.',
      '',
      'Image',
      '  * name      docker.io/library/busybox:latest',
      `    leads to  ${INDEX}`,
      `    manifest  ${MANIFEST}`,
      '    platform  linux/amd64, of linux/amd64, linux/arm64; this machine: linux/amd64',
      `    image     ${CONFIG}`,
      '    here      nothing has this name yet',
      '    download  2MB',
      '',
      'Asked just now, and once more by a pull',
      '    GET  200  https://registry/v2/library/busybox/manifests/latest',
      '',
      'Layers, from the bottom up',
      `    ${short(FIRST)}  1kB  is here`,
      `    ${short(SECOND)}  2MB  is fetched, verified and unpacked: GET https://registry/v2/library/busybox/blobs/sha256:2`,
      '',
    ].join('\n'),
  );
});

it('says when there is nothing to do', () => {
  const text = renderPull({ ...PULL, before: CONFIG, layers: [], download: 0, manifest: INDEX });
  expect(text).toContain('here      the name leads to this image already');
  expect(text).toContain('download  nothing: all layers are here');
  expect(text).not.toContain('Layers');
  expect(renderPull({ ...PULL, before: FIRST })).toContain(`the name leads to ${short(FIRST)} now`);
});
