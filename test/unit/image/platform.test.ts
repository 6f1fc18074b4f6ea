import { describe, expect, test } from 'vitest';
import {
  formatPlatform,
  hostPlatform,
  parsePlatform,
  platformMatches,
  selectManifest,
} from '../../../src/image/platform.ts';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import type { Index } from '../../../src/oci/manifest.ts';
import type { Platform } from '../../../src/oci/platform.ts';

function entry(platform: Platform | undefined, extra: Partial<Descriptor> = {}): Descriptor {
  const digest = digestOf(JSON.stringify([platform, extra]));
  return { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 1, platform, ...extra };
}

function indexOf(...texts: string[]): Index {
  const manifests = texts.map((text) => {
    const [os = '', architecture = '', variant] = text.split('/');
    return entry({ os, architecture, variant });
  });
  return { kind: 'index', mediaType: 'application/vnd.oci.image.index.v1+json', manifests };
}

/** The position of the chosen entry in the index. */
function choose(wanted: string, ...offered: string[]): number {
  const index = indexOf(...offered);
  return index.manifests.indexOf(selectManifest(index, parsePlatform(wanted)));
}

describe('a platform', () => {
  test.each([
    ['linux/amd64', 'linux/amd64'],
    ['linux/x86_64', 'linux/amd64'],
    ['linux/amd64/v1', 'linux/amd64'],
    ['linux/amd64/v3', 'linux/amd64/v3'],
    ['linux/i386', 'linux/386'],
    ['linux/aarch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm64/8', 'linux/arm64'],
    ['linux/arm64/v9', 'linux/arm64/v9'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/6', 'linux/arm/v6'],
    ['linux/armhf', 'linux/arm/v7'],
    ['linux/armel', 'linux/arm/v6'],
    ['Linux/ARM64', 'linux/arm64'],
    ['macos/arm64', 'darwin/arm64'],
    ['arm64', 'linux/arm64'],
    ['riscv64', 'linux/riscv64'],
    ['windows/amd64', 'windows/amd64'],
  ])('%s means %s', (text, meaning) => {
    expect(formatPlatform(parsePlatform(text))).toBe(meaning);
  });

  test.each(['', '/', 'linux/', 'linux/amd64/v1/x', 'vax', 'linux/am d64', 'windows(10)/amd64'])(
    '%j is refused',
    (text) => {
      expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ kind: 'invalid', subject: text }));
    },
  );

  test('of the host is Linux on a known architecture, and what "linux" alone means', () => {
    expect(hostPlatform().os).toBe('linux');
    expect(parsePlatform(hostPlatform().architecture)).toEqual(hostPlatform());
    expect(parsePlatform('linux')).toEqual(hostPlatform());
  });
});

test.each([
  ['linux/amd64', 'linux/x86_64', true],
  ['linux/amd64/v3', 'linux/amd64', true],
  ['linux/amd64', 'linux/amd64/v3', false],
  ['linux/arm/v6', 'linux/arm/v7', false],
  ['linux/arm64', 'linux/amd64', false],
  ['windows/amd64', 'linux/amd64', false],
])('an image for %s is what somebody wants who asks for %s: %s', (offered, wanted, matches) => {
  expect(platformMatches(parsePlatform(offered), parsePlatform(wanted))).toBe(matches);
});

describe('the choice from an index', () => {
  test.each([
    ['linux/amd64', ['linux/arm64', 'linux/amd64'], 1],
    ['linux/amd64', ['windows/amd64', 'linux/amd64'], 1],
    ['linux/amd64', ['linux/amd64/v3', 'linux/amd64'], 1],
    ['linux/amd64', ['linux/amd64/v3', 'linux/amd64/v1'], 1],
    ['linux/amd64/v3', ['linux/amd64', 'linux/amd64/v2', 'linux/amd64/v4'], 1],
    ['linux/amd64/v3', ['linux/amd64/v4', 'linux/amd64'], 1],
    ['linux/arm/v7', ['linux/arm/v5', 'linux/arm/v6', 'linux/arm64'], 1],
    ['linux/arm/v7', ['linux/arm', 'linux/arm/v6'], 0],
    ['linux/arm/v6', ['linux/arm/v7', 'linux/arm/v5'], 1],
    ['linux/arm64', ['linux/arm/v7', 'linux/arm64/v8'], 1],
    ['linux/arm64/v9', ['linux/arm64', 'linux/arm64/v9'], 1],
    ['linux/arm64/v9', ['linux/arm/v7', 'linux/aarch64'], 1],
    ['linux/amd64', ['linux/amd64', 'linux/amd64'], 0],
  ])('for %s from %j takes entry %i', (wanted, offered, position) => {
    expect(choose(wanted, ...offered)).toBe(position);
  });

  test.each([
    ['linux/amd64', ['linux/amd64/v2']],
    ['linux/amd64', ['linux/386']],
    ['linux/arm64', ['linux/arm/v7']],
    ['linux/arm/v6', ['linux/arm/v7']],
  ])('for %s from %j takes nothing', (wanted, offered) => {
    expect(() => choose(wanted, ...offered)).toThrow(expect.objectContaining({ kind: 'notFound' }));
  });

  test('names what is offered, without attestations, when nothing suits', () => {
    const index = indexOf('linux/amd64', 'linux/arm/7', 'unknown/unknown');
    expect(() => selectManifest(index, parsePlatform('s390x'))).toThrow(
      'no image for platform linux/s390x: the index offers linux/amd64, linux/arm/v7',
    );
    expect(() => selectManifest(indexOf(), parsePlatform('s390x'))).toThrow(
      'the index offers no platform at all',
    );
  });

  test('never takes an attestation, whatever platform it claims', () => {
    const annotations = { 'vnd.docker.reference.type': 'attestation-manifest' };
    const platform = { os: 'linux', architecture: 'amd64' };
    const index = { ...indexOf(), manifests: [entry(platform, { annotations }), entry(platform)] };
    expect(selectManifest(index, platform)).toBe(index.manifests[1]);
  });

  test('takes the only image when it names no platform', () => {
    const index = { ...indexOf(), manifests: [entry(undefined)] };
    expect(selectManifest(index, hostPlatform())).toBe(index.manifests[0]);
  });
});
