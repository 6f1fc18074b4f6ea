import { describe, expect, it } from 'vitest';
import { checkMounts } from '../../../../src/engine/options/check-mounts.ts';
import type { NamespaceOptions } from '../../../../src/engine/options/create.ts';
import type { MountOptions } from '../../../../src/engine/options/mounts.ts';

interface Asked {
  tmpfs?: string[];
  user?: NamespaceOptions['user'];
}

function check(mounts: MountOptions[], { tmpfs = [], user }: Asked = {}): void {
  checkMounts({
    mounts,
    files: { tmpfs: tmpfs.map((path) => ({ path, options: [] })) },
    namespaces: { network: 'none', user },
  });
}

const bind = (changes: object = {}): MountOptions => ({
  type: 'bind',
  source: '/a',
  target: '/b',
  ...changes,
});
const volume = (changes: object = {}): MountOptions => ({
  type: 'volume',
  name: 'data',
  target: '/b',
  ...changes,
});

describe('mounts are refused', () => {
  it.each<[string, MountOptions[], Asked, string]>([
    [
      'at a relative target',
      [bind({ target: 'b' })],
      {},
      "invalid mount path: 'b' mount path must be absolute",
    ],
    ['at no target', [bind({ target: '' })], {}, "invalid mount path: '' mount path must be absolute"],
    ['on the root', [bind({ target: '/' })], {}, "invalid specification: destination can't be '/'"],
    ['at a target that is not clean', [bind({ target: '/a/../b' })], {}, "invalid mount path: '/a/../b'"],
    ['at a target with a NUL', [bind({ target: '/a\0b' })], {}, 'invalid mount path'],
    ['twice at one target', [bind(), volume()], {}, 'duplicate mount point: /b'],
    ['where a tmpfs is', [bind()], { tmpfs: ['/b/'] }, 'duplicate mount point: /b'],
    ['on /proc', [bind({ target: '/proc' })], {}, 'nothing can be mounted on /proc'],
    ['on /proc with a tmpfs', [{ type: 'tmpfs', target: '/proc' }], {}, 'nothing can be mounted on /proc'],
    ['inside /proc', [bind({ target: '/proc/self/exe' })], {}, 'nothing can be mounted on /proc/self/exe'],
    [
      'from a relative source',
      [bind({ source: 'a' })],
      {},
      "invalid mount path: 'a' mount path must be absolute",
    ],
    [
      'read-only in depth and writable',
      [bind({ recursive: 'readonly' })],
      {},
      'cannot be read-only unless /a is',
    ],
    [
      'read-only in depth and shared',
      [bind({ recursive: 'readonly', readOnly: true, propagation: 'rshared' })],
      {},
      'and private',
    ],
    [
      'as an overlay and read-only',
      [bind({ overlay: true, readOnly: true })],
      {},
      'ro and an overlay contradict',
    ],
    [
      'as an overlay and shared',
      [bind({ overlay: true, propagation: 'rshared' })],
      {},
      'rshared and an overlay contradict',
    ],
    [
      'as an overlay and given away',
      [bind({ overlay: true, chown: true })],
      {},
      'U and an overlay contradict',
    ],
    [
      'as an overlay and with a label',
      [bind({ overlay: true, relabel: 'private' })],
      {},
      'Z and an overlay contradict',
    ],
    [
      'given away and shared',
      [bind({ chown: true, propagation: 'rslave' })],
      {},
      'cannot be given to the user of the container',
    ],
    [
      'through id maps that there are not',
      [bind({ idMap: true })],
      {},
      'the container has no user namespace',
    ],
    ['from a volume with a short name', [volume({ name: 'v' })], {}, 'volume name is too short'],
    [
      'from a volume with a slash',
      [volume({ name: 'x/y' })],
      {},
      '"x/y" includes invalid characters for a local volume name',
    ],
    ['from above a volume', [volume({ subpath: '../x' })], {}, 'invalid subpath "../x"'],
    ['from above a volume, later', [volume({ subpath: 'a/../../x' })], {}, 'invalid subpath "a/../../x"'],
    [
      'from the root of a volume by an absolute path',
      [volume({ subpath: '/x' })],
      {},
      'invalid subpath "/x"',
    ],
    [
      'from above an image',
      [{ type: 'image', image: 'x', target: '/b', subpath: '..' }],
      {},
      'invalid subpath ".."',
    ],
    [
      'of a size below zero',
      [{ type: 'tmpfs', target: '/b', size: -1 }],
      {},
      'the size of the tmpfs on /b cannot be -1 bytes',
    ],
    [
      'of a mode that is none',
      [{ type: 'tmpfs', target: '/b', mode: 0o10000 }],
      {},
      'the mode of the tmpfs on /b',
    ],
  ])('%s', (_what, mounts, asked, message) => {
    expect(() => check(mounts, asked)).toThrow(message);
  });
});

describe('mounts are taken', () => {
  it.each<[string, MountOptions[], Asked]>([
    ['below and above each other', [bind(), bind({ target: '/b/c' })], { tmpfs: ['/b/d'] }],
    [
      'on what the engine has',
      [bind({ target: '/etc/hosts' }), bind({ target: '/dev' }), bind({ target: '/sys' })],
      {},
    ],
    ['on numbers of /proc that a container may have its own of', [bind({ target: '/proc/cpuinfo' })], {}],
    ['on /proc, of the host', [bind({ source: '/proc', target: '/proc' })], {}],
    ['through id maps', [bind({ idMap: true })], { user: 'auto' }],
    ['from names that begin with two dots', [volume({ subpath: '..data/x' })], {}],
  ])('%s', (_what, mounts, asked) => {
    expect(() => check(mounts, asked)).not.toThrow();
  });
});
