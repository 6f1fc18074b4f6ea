import { describe, expect, test } from 'vitest';
import {
  formatPlatform,
  hostPlatform,
  parsePlatform,
  platformMatches,
  platformRank,
} from '../../../src/image/platform.ts';

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
  ['linux/amd64', 'linux/amd64/v3', true],
  ['linux/amd64/v4', 'linux/amd64/v3', false],
  ['linux/arm/v7', 'linux/arm/v8', true],
  ['linux/arm/v6', 'linux/arm/v7', true],
  ['linux/arm/v7', 'linux/arm/v6', false],
  ['linux/arm64', 'linux/arm64/v8', true],
  ['linux/arm64/v8', 'linux/arm64', true],
  ['linux/arm64/v9', 'linux/arm64/v8.2', false],
  ['linux/arm64', 'linux/amd64', false],
  ['windows/amd64', 'linux/amd64', false],
])('an image for %s is what somebody wants who asks for %s: %s', (offered, wanted, matches) => {
  expect(platformMatches(parsePlatform(offered), parsePlatform(wanted))).toBe(matches);
});

test.each([
  [{ os: 'linux', architecture: 'arm' }, 'linux/arm/v6'],
  [{ os: '', architecture: 'amd64' }, 'linux/amd64'],
  [{ os: 'linux', architecture: '' }, 'linux/arm64/v9'],
  [{ os: '', architecture: '' }, 'windows/amd64'],
])('a config that says %j does not contradict %s', (offered, wanted) => {
  expect(platformMatches(offered, parsePlatform(wanted))).toBe(true);
});

test('what a config does not say is unknown', () => {
  expect(formatPlatform({ os: '', architecture: '' })).toBe('unknown/unknown');
});

test.each([
  ['linux/arm/v8', ['linux/arm/v8', 'linux/arm', 'linux/arm/v6', 'linux/arm/v5']],
  ['linux/amd64/v3', ['linux/amd64/v3', 'linux/amd64/v2', 'linux/amd64/v1']],
  ['linux/arm64/v9.1', ['linux/arm64/v9.1', 'linux/arm64/v9.0', 'linux/arm64/v8.6', 'linux/arm64/v8.1']],
  ['linux/arm64/v9', ['linux/arm64/v9', 'linux/arm64/v8.5', 'linux/arm64/v8']],
  ['linux/arm64/v8.2', ['linux/arm64/v8.2', 'linux/arm64/v8.1', 'linux/arm64']],
])('a processor for %s runs %j, better in this order', (wanted, offered) => {
  const ranks = offered.map((text) => platformRank(parsePlatform(text), parsePlatform(wanted)) ?? -1);
  expect(ranks[0]).toBe(0);
  expect(ranks).toEqual([...new Set(ranks)].sort((a, b) => a - b));
});

test.each([
  ['linux/arm64', 'linux/arm64/v8.1'],
  ['linux/arm64/v8.9', 'linux/arm64/v9'],
  ['linux/arm/v7', 'linux/arm/v8'],
  ['linux/amd64', 'linux/amd64/v2'],
])('a processor for %s does not run %s', (wanted, offered) => {
  expect(platformRank(parsePlatform(offered), parsePlatform(wanted))).toBeUndefined();
});
