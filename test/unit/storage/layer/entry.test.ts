import { describe, expect, it } from 'vitest';
import { layerOperation } from '../../../../src/storage/layer/entry.ts';
import type { TarEntry } from '../../../../src/storage/tar/entry.ts';

const entry = (name: string, more: Partial<TarEntry> = {}): TarEntry => ({
  type: 'file',
  name,
  target: '',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: { seconds: 0, nanoseconds: 0 },
  major: 0,
  minor: 0,
  xattrs: [],
  ...more,
});

describe('names', () => {
  it.each([
    ['a/b', 'a/b'],
    ['./a', 'a'],
    ['/a/b', 'a/b'],
    ['a//b/', 'a/b'],
    ['.//./a/./b', 'a/b'],
    ['.hidden/...x', '.hidden/...x'],
    ['a/..b', 'a/..b'],
    ['a/../b', 'b'],
    ['../../b', 'b'],
    ['/../a/./../../b/', 'b'],
    ['a/b/../../..c', '..c'],
  ])('%s is %s', (name, path) => {
    expect(layerOperation(entry(name))).toMatchObject({ kind: 'make', path });
  });

  it.each(['.', './', '/', '//', './.', '..', 'a/../..'])('%s is the root', (name) => {
    expect(layerOperation(entry(name, { type: 'directory' }))).toMatchObject({ kind: 'make', path: '' });
  });

  it('hard link targets are names, symlink targets are not', () => {
    expect(layerOperation(entry('l', { type: 'link', target: './/a/' }))).toMatchObject({ target: 'a' });
    expect(layerOperation(entry('l', { type: 'link', target: '../../a' }))).toMatchObject({ target: 'a' });
    expect(layerOperation(entry('l', { type: 'symlink', target: '../..//a' }))).toMatchObject({
      target: '../..//a',
    });
  });
});

describe('whiteouts', () => {
  it.each([
    ['.wh.x', { kind: 'whiteout', path: 'x' }],
    ['a/.wh..x', { kind: 'whiteout', path: 'a/.x' }],
    ['a/.wh..wh..opq', { kind: 'opaque', path: 'a' }],
    ['./.wh..wh..opq', { kind: 'opaque', path: '' }],
    ['.wh..wh.orph/1', { kind: 'ignore' }],
    ['./.wh..wh.plnk/1', { kind: 'make', path: '.wh..wh.plnk/1', aside: true }],
    ['a/.wh..wh.plnk/1', { kind: 'ignore' }],
    ['.wh..wh.aufs', { kind: 'ignore' }],
    ['a/x.wh.y', { kind: 'make', path: 'a/x.wh.y' }],
    ['a.wh./b', { kind: 'make', path: 'a.wh./b' }],
    ['x/../.wh.y', { kind: 'whiteout', path: 'y' }],
    ['.wh.a/b', { kind: 'make', path: '.wh.a/b' }],
    ['.wh.../b', { kind: 'make', path: '.wh.../b' }],
    ['.wh.a/.wh.b', { kind: 'whiteout', path: '.wh.a/b' }],
  ])('%s', (name, operation) => {
    expect(layerOperation(entry(name))).toMatchObject(operation);
  });

  it('the device 0:0 is one, as overlay has it', () => {
    expect(layerOperation(entry('a/x', { type: 'char' }))).toEqual({ kind: 'whiteout', path: 'a/x' });
    expect(layerOperation(entry('a/x', { type: 'block' }))).toMatchObject({ kind: 'make' });
    expect(layerOperation(entry('a/x', { type: 'char', minor: 1 }))).toMatchObject({ kind: 'make' });
  });

  it('what aufs kept for hard links is kept when it is a file', () => {
    for (const type of ['directory', 'symlink', 'link', 'char'] as const)
      expect(layerOperation(entry('.wh..wh.plnk/1', { type, target: '/' }))).toEqual({ kind: 'ignore' });
  });

  it('any type of entry is one', () => {
    expect(layerOperation(entry('.wh.x', { type: 'char' }))).toEqual({ kind: 'whiteout', path: 'x' });
  });
});

describe('attributes', () => {
  const operation = (name: string, value = 'x') => layerOperation(entry('f', { xattrs: [{ name, value }] }));

  it.each([
    ['user.x', 'x', true],
    [`user.${'n'.repeat(250)}`, 'x', true],
    [`user.${'n'.repeat(251)}`, 'x', false],
    ['user.x', 'x'.repeat(65_536), true],
    ['user.x', 'x'.repeat(65_537), false],
    ['security.capability', 'x'.repeat(65_537), true],
  ])('%.20s of a value %.3s…: kept or told: %s', (name, value, kept) => {
    expect(operation(name, value)).toMatchObject(
      kept ? { xattrs: [{ name, value }], leftOut: undefined } : { xattrs: [], leftOut: name },
    );
  });

  it.each(['trusted.overlay.opaque', 'user.overlay.x', 'security.selinux', 'system.nfs4_acl'])(
    '%s is left out silently',
    (name) => {
      expect(operation(name)).toMatchObject({ xattrs: [], leftOut: undefined });
    },
  );

  it.each(['', 'user.\0', 'n'.repeat(65_536)])('a name such as %.8j is refused', (name) => {
    expect(() => operation(name)).toThrow('has an attribute without a proper name');
  });
});
