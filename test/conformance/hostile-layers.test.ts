import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EngineError } from '../../src/errors.ts';
import { chainIDs, digestOf } from '../../src/oci/digest.ts';
import { LayerStore } from '../../src/storage/layer/store.ts';
import { HELPER, LayerRoom, pieces } from '../helpers/layers.ts';
import { paxHeader, type TarMember, tar, tarMember } from '../helpers/tar.ts';
import { describeTree } from '../helpers/tree.ts';

let room: LayerRoom;
let outside: string;
beforeEach(() => {
  room = new LayerRoom();
  outside = mkdtempSync(join(tmpdir(), 'skiff-outside-'));
  writeFileSync(join(outside, 'secret'), 'untouched', { mode: 0o640 });
});
afterEach(() => {
  expect(describeTree(outside, { times: false }).map((line) => line.split(' ').slice(0, 3))).toEqual([
    ['.', 'directory', '0700'],
    ['secret', 'file', '0640'],
  ]);
  expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('untouched');
  execFileSync(HELPER, ['remove', outside]);
  room.remove();
});

const file = (name: string, more: Partial<TarMember> = {}): TarMember => ({ name, content: 'x', ...more });

/** Unpacks layers of which the last must be refused, and looks at what was left of it: nothing. */
async function refusal(archives: readonly Buffer[], diffIDs = archives.map(digestOf)): Promise<EngineError> {
  const error = await room.unpack(archives, diffIDs).then(
    () => expect.fail('the archive was accepted'),
    (reason: EngineError) => reason,
  );
  expect(readdirSync(room.tmp)).toEqual([]);
  expect(room.store.has(chainIDs(diffIDs).at(-1) ?? expect.fail())).toBe(false);
  return error;
}

describe('an archive is refused with the name of the entry', () => {
  const refused: [string, TarMember[], RegExp][] = [
    ['a file instead of the root, by way of ".."', [file('a/..')], /entry "a\/\.\." would replace the root/],
    [
      'a hard link that climbs to what is only outside',
      [{ name: 'l', type: '1', target: '../../etc/passwd' }],
      /entry "l" is a hard link to something/,
    ],
    [
      'a hard link to nothing',
      [{ name: 'l', type: '1', target: '/etc/passwd' }],
      /entry "l" is a hard link to something/,
    ],
    [
      'a hard link to a directory',
      [
        { name: 'd', type: '5' },
        { name: 'l', type: '1', target: 'd' },
      ],
      /entry "l" is a hard link/,
    ],
    [
      'a hard link to the root',
      [{ name: 'l', type: '1', target: '/' }],
      /entry "l" is a hard link to the root/,
    ],
    [
      'a file instead of the root',
      [file('./')].map((m) => ({ ...m, name: '.' })),
      /entry "\." would replace the root/,
    ],
    ['a symlink instead of the root', [{ name: '/', type: '2', target: '/tmp' }], /would replace the root/],
    ['an empty name', [file('')], /entry "" has an empty name/],
    ['a NUL in a name', [file('x', { pax: [['path', 'a\0b']] })], /entry "a\\x00b" has a NUL byte/],
    [
      'a NUL in a link target',
      [{ name: 'x', type: '2', pax: [['linkpath', 'a\0b']] }],
      /entry "x" has a NUL byte/,
    ],
    ['a path that is too long', [file('x', { pax: [['path', 'a/'.repeat(2100)]] })], /more than 4095 bytes/],
    [
      'a part that is too long',
      [file('x', { pax: [['path', 'a'.repeat(256)]] })],
      /part of more than 255 bytes/,
    ],
    ['a whiteout of nothing', [file('.wh.')], /entry "\.wh\." is a whiteout of nothing/],
    ['a whiteout of "."', [file('d/.wh..')], /is a whiteout of nothing/],
    ['a whiteout of ".."', [file('d/.wh...')], /is a whiteout of nothing/],
    [
      'an impossible device',
      [{ name: 'b', type: '4', major: 5000 }],
      /entry "b" has the impossible device number/,
    ],
    ['an unknown type', [file('x', { type: 'Z' })], /entry "x" has the unknown type "Z"/],
    [
      'a size of 8 EiB',
      [file('big', { size: Buffer.from('800000008000000000000000', 'hex') })],
      /entry "big" has an absurd size/,
    ],
    ['a size below zero', [file('neg', { size: -512 })], /entry "neg" has an absurd size/],
    ['a size of 1 TiB', [file('big', { size: 2 ** 40 })], /cut short in or after entry "big"/],
    ['an owner below zero', [file('x', { uid: -1 })], /entry "x" has the impossible owner -1/],
    ['an entry below a file', [file('f'), file('f/x')], /entry "f\/x" cannot be made: ENOTDIR/],
    [
      'a loop of symlinks',
      [{ name: 'l', type: '2', target: 'l' }, file('l/x')],
      /entry "l\/x" cannot be made: ELOOP/,
    ],
    [
      'capabilities that are none',
      [file('x', { pax: [['SCHILY.xattr.security.capability', '1']] })],
      /entry "x" cannot be made: EINVAL/,
    ],
    [
      'capabilities that no file can hold',
      [file('x', { pax: [['SCHILY.xattr.security.capability', 'x'.repeat(65_537)]] })],
      /entry "x" cannot be made: E2BIG/,
    ],
    [
      'an attribute whose name is longer than its length can be said',
      [file('x', { pax: [[`SCHILY.xattr.user.${'n'.repeat(65_536)}`, '1']] })],
      /entry "x" has an attribute without a proper name/,
    ],
    [
      'a sparse file whose map lies',
      [
        file('s', {
          pax: [
            ['GNU.sparse.map', '0,9999'],
            ['GNU.sparse.size', '5'],
          ],
        }),
      ],
      /sparse/,
    ],
  ];

  it.each(refused)('%s', async (_, members, message) => {
    const error = await refusal([tar(file('before'), ...members)]);
    expect(error.message).toMatch(message);
  });

  it('control characters in a name do not reach the terminal', async () => {
    const error = await refusal([tar(file('\x1b]0;x\x07', { type: 'Z' }))]);
    expect(error.message).toContain('entry "\\x1b]0;x\\x07"');
    expect(error.kind).toBe('invalid');
  });
});

describe('a stream that is not what it should be is refused', () => {
  const good = tar(file('a', { content: 'a'.repeat(5000) }), file('last'));
  const broken: [string, Buffer, RegExp][] = [
    ['an archive that ends inside an entry', good.subarray(0, 2000), /cut short in or after entry "a"/],
    ['an archive that ends inside a header', good.subarray(0, 700), /cut short/],
    [
      'a wrong checksum',
      Buffer.concat([good.subarray(0, 512 + 5120), Buffer.from('X'), good.subarray(512 + 5121)]),
      /checksum of a header is wrong, after entry "a"/,
    ],
    [
      'something that is no archive',
      Buffer.from('this is not a tar archive'.repeat(100)),
      /checksum of a header is wrong, at its start/,
    ],
    [
      'data after a lone block of zeros',
      Buffer.concat([good.subarray(0, -1024), Buffer.alloc(512), good]),
      /data after a lone block of zeros, after entry "last"/,
    ],
    [
      'an extended header of 4 GiB',
      tarMember({ name: 'x', type: 'x', size: 2 ** 32 }),
      /extended header has an absurd size/,
    ],
    [
      'a malformed pax header',
      tarMember({ name: 'x', type: 'x', content: '99 path=short\n' }),
      /pax header is malformed/,
    ],
    ['an extended header without an entry', paxHeader([['path', 'x']]), /cut short/],
  ];

  it.each(broken)('%s', async (_, archive, message) => {
    const error = await refusal([archive]);
    expect(error.message).toMatch(message);
    expect(error.kind).toBe('invalid');
  });

  it.each([
    ['gzip, cut short', gzipSync(good).subarray(0, -12)],
    ['gzip, damaged', Buffer.concat([gzipSync(good).subarray(0, 60), Buffer.alloc(40, 7)])],
    ['gzip, followed by zeros', Buffer.concat([gzipSync(good), Buffer.alloc(100)])],
    ['gzip, followed by something else', Buffer.concat([gzipSync(good), Buffer.from('trailing garbage')])],
    ['zstd, cut short', zstdCompressSync(good).subarray(0, -12)],
    [
      'zstd, followed by something else',
      Buffer.concat([zstdCompressSync(good), Buffer.from('trailing garbage')]),
    ],
  ])('%s', async (_, blob) => {
    expect((await refusal([blob], [digestOf(good)])).kind).toBe('invalid');
  });

  it('xz, which layers are not compressed with', async () => {
    const error = await refusal([Buffer.from('fd377a585a000004', 'hex')]);
    expect([error.kind, error.hint]).toEqual(['unsupported', 'layers may be gzip, zstd or plain tar']);
  });

  it('content of another size than somebody has said names both', async () => {
    const good = tar(file('a'));
    const diffID = digestOf(good);
    const layer = { chainID: diffID, diffID, mediaType: '' };
    const source = { helper: HELPER, lowers: async () => [], reopen: () => pieces(good) };
    const claimed = { ...layer, size: good.length + 512 };
    await expect(room.store.unpack(claimed, pieces(good), source)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining(`has ${good.length} bytes instead of ${good.length + 512}`),
    });
    expect(room.store.has(diffID)).toBe(false);
    await room.store.unpack({ ...layer, size: good.length }, pieces(gzipSync(good)), source);
    expect(room.store.has(diffID)).toBe(true);
  });

  it('content that is not the diffID names both digests', async () => {
    const other = digestOf('something else');
    const error = await refusal([good], [other]);
    expect(error.message).toContain(`digest ${digestOf(good)}, not ${other}`);
  });

  it('a source that fails passes its own error on', async () => {
    const diffID = digestOf(good);
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield good.subarray(0, 1000);
      throw new Error('connection reset');
    }
    const unpacking = room.store.unpack({ chainID: diffID, diffID, mediaType: '' }, failing(), {
      helper: HELPER,
      lowers: async () => [],
      reopen: failing,
    });
    await expect(unpacking).rejects.toThrow('connection reset');
    expect(readdirSync(room.tmp)).toEqual([]);
  });

  it('cancelling ends the helper and leaves nothing', async () => {
    const stop = new AbortController();
    const diffID = digestOf(good);
    async function* aborting(): AsyncGenerator<Uint8Array> {
      yield good.subarray(0, 1000);
      stop.abort();
      yield good.subarray(1000);
    }
    const options = { helper: HELPER, lowers: async () => [], reopen: aborting, signal: stop.signal };
    const unpacking = room.store.unpack({ chainID: diffID, diffID, mediaType: '' }, aborting(), options);
    await expect(unpacking).rejects.toMatchObject({ kind: 'cancelled' });
    expect(readdirSync(room.tmp)).toEqual([]);
  });
});

describe('what an archive can say is confined to the layer', () => {
  const names = (directory: string): string[] =>
    describeTree(directory).map((line) => line.split(' ')[0] ?? '');

  it('absolute names are relative to the root of the layer', async () => {
    const [layer = ''] = await room.unpack([tar(file(`${outside}/secret`), file('//etc//passwd'))]);
    expect(existsSync(join(layer, outside, 'secret'))).toBe(true);
    expect(existsSync(join(layer, 'etc/passwd'))).toBe(true);
  });

  it('".." ends at the root of the layer, in names and in targets of hard links', async () => {
    const climbing = file(`../../../..${outside}/secret`);
    const [layer = ''] = await room.unpack([
      tar(climbing, file('a/../../b'), { name: 'l', type: '1', target: '../../b' }),
    ]);
    expect(names(layer)).toContain(join(outside, 'secret').slice(1));
    expect(names(layer)).toEqual(expect.arrayContaining(['b', 'l']));
    expect(existsSync(join(layer, 'a'))).toBe(false);
  });

  it.each([
    ['an absolute symlink', ''],
    ['a symlink that climbs', '../../../../../../../..'],
  ])('an entry below %s lands inside', async (_, prefix) => {
    const target = `${prefix}${outside}`;
    const [layer = ''] = await room.unpack([
      tar({ name: 'l', type: '2', target }, file('l/secret'), file('l/new')),
    ]);
    expect(readdirSync(join(layer, outside)).sort()).toEqual(['new', 'secret']);
  });

  it('an entry does not write through a symlink of its own name', async () => {
    const target = join(outside, 'secret');
    const [layer = ''] = await room.unpack([
      tar({ name: 'l', type: '2', target }, file('l', { content: 'mine' })),
    ]);
    expect(readFileSync(join(layer, 'l'), 'utf8')).toBe('mine');
  });

  it('a symlink into a lower layer is followed there and nowhere else', async () => {
    const lower = tar({ name: 'l', type: '2', target: outside });
    const upper = tar(file('l/secret'), { name: 'hard', type: '1', target: 'l/secret' });
    const [layer = ''] = await room.unpack([lower, upper]);
    expect(existsSync(join(layer, outside, 'secret'))).toBe(true);
  });

  it('a whiteout through a symlink hides nothing outside', async () => {
    const lower = tar({ name: 'l', type: '2', target: outside }, file('x'));
    await room.unpack([lower, tar(file('l/.wh.secret'), file('l/.wh..wh..opq'))]);
    expect(existsSync(join(outside, 'secret'))).toBe(true);
  });

  it('attributes by which overlay speaks are left out', async () => {
    const pax = [
      ['SCHILY.xattr.trusted.overlay.opaque', 'y'],
      ['SCHILY.xattr.trusted.overlay.redirect', '/etc'],
      ['SCHILY.xattr.user.overlay.opaque', 'y'],
      ['SCHILY.xattr.security.selinux', 'label'],
    ] as const;
    const [layer = ''] = await room.unpack([
      tar({ name: 'd', type: '5', mode: 0o755, pax }, file('f', { pax })),
    ]);
    expect(describeTree(layer).filter((line) => /overlay|selinux/.test(line))).toEqual([]);
  });

  it('attributes that a file cannot have are left out, and the others stay', async () => {
    const xattr = (name: string, value = 'x') => [`SCHILY.xattr.${name}`, value] as const;
    const held = xattr('user.held', 'kept');
    const capability = xattr(
      'security.capability',
      Buffer.from('AQAAAgAEAAAAAAAAAAAAAAAAAAA=', 'base64').toString('latin1'),
    );
    const archive = tar(
      file('f', { pax: [xattr('com.apple.provenance'), held, xattr('nonsense'), capability] }),
      file('large', { pax: [xattr('user.large', 'x'.repeat(65_537)), held] }),
      file('long', { pax: [xattr(`user.${'n'.repeat(251)}`), xattr(`user.${'m'.repeat(65_000)}`), held] }),
      { name: 'link', type: '2', target: 'f', pax: [xattr('user.x')] },
      { name: 'fifo', type: '6', pax: [xattr('user.x')] },
      { name: 'device', type: '3', major: 1, minor: 3, pax: [xattr('user.x')] },
    );
    const [layer = ''] = await room.unpack([archive]);
    const attributes = (name: string): string[] =>
      execFileSync('getfattr', ['-h', '-m', '-', '--absolute-names', join(layer, name)], { encoding: 'utf8' })
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'));
    expect(['f', 'large', 'long', 'link', 'fifo', 'device'].map(attributes)).toEqual([
      ['security.capability', 'user.held'],
      ['user.held'],
      ['user.held'],
      [],
      [],
      [],
    ]);
  });

  it('an empty archive is an empty layer', async () => {
    const [layer = ''] = await room.unpack([tar()]);
    expect(names(layer)).toEqual(['.']);
  });

  it('a tree as deep as names can be is made and deleted', async () => {
    const [layer = ''] = await room.unpack([tar(file('x', { pax: [['path', `${'d/'.repeat(2000)}f`]] }))]);
    expect(existsSync(join(layer, 'd/d/d'))).toBe(true);
  });
});

describe('a full disk', () => {
  it.each([
    ['named as such, and leaves nothing', 'size=1m', file('large', { content: Buffer.alloc(3 << 20, 1) })],
    [
      'no reason to leave an attribute out',
      'nr_inodes=60',
      file('large', { pax: [['SCHILY.xattr.user.large', 'x'.repeat(65_000)]] }),
    ],
  ])('is %s', async (_, size, member) => {
    const small = join(outside, '../', `skiff-small-${process.pid}`);
    mkdirSync(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `${size},mode=755`, 'tmpfs', small]);
    try {
      const store = new LayerStore({
        layers: join(small, 'layers'),
        tmp: () => join(small, 'tmp'),
        isWhole: async () => false,
      });
      mkdirSync(join(small, 'tmp'));
      chmodSync(join(small, 'tmp'), 0o700);
      const archive = tar(file('ok'), member);
      const diffID = digestOf(archive);
      const unpacking = store.unpack(
        { chainID: diffID, diffID, mediaType: '', name: 'big' },
        pieces(archive),
        {
          helper: HELPER,
          lowers: async () => [],
          reopen: () => pieces(archive),
        },
      );
      await expect(unpacking).rejects.toMatchObject({
        kind: 'unavailable',
        message: 'no space left on device while unpacking layer big',
        hint: expect.stringContaining('free some space'),
      });
      expect(readdirSync(join(small, 'tmp'))).toEqual([]);
    } finally {
      execFileSync('umount', [small]);
      rmdirSync(small);
    }
  });
});
