import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { LayerRoom } from '../helpers/layers.ts';
import { type TarMember, tar } from '../helpers/tar.ts';

let room: LayerRoom;
let whole: LayerRoom;
beforeAll(() => {
  room = new LayerRoom();
  whole = new LayerRoom({ whole: true });
});
afterAll(() => {
  for (const each of [room, whole]) {
    expect(readdirSync(each.tmp)).toEqual([]);
    each.remove();
  }
});

const dir = (name: string, more: Partial<TarMember> = {}): TarMember => ({
  name,
  type: '5',
  mode: 0o755,
  ...more,
});
const file = (name: string, content = name, more: Partial<TarMember> = {}): TarMember => ({
  name,
  content,
  ...more,
});
const symlink = (name: string, target: string): TarMember => ({ name, type: '2', target, mode: 0o777 });
const link = (name: string, target: string): TarMember => ({ name, type: '1', target });
const whiteout = (name: string): TarMember => ({ name });
const root = dir('./', { mtime: 1_500_000_000 });

/** Layers whose every directory has an entry, so that even times can be compared. */
const exact: Record<string, TarMember[][]> = {
  'all types, modes, owners and times': [
    [
      root,
      dir('d/', { mode: 0o1777, mtime: 1_400_000_000 }),
      dir('d/setgid', { mode: 0o2755, gid: 50, uid: 7 }),
      file('d/setgid/inside', 'x', { uid: 3 }),
      file('d/suid', 'suid', { mode: 0o6755, uid: 2_500_000, gid: 3_000_000 }),
      symlink('d/link', '/etc/passwd'),
      symlink('d/dangling', '../../../nowhere'),
      link('d/hard', 'd/suid'),
      { name: 'd/fifo', type: '6', mode: 0o600 },
      { name: 'd/char', type: '3', mode: 0o666, major: 1, minor: 3 },
      { name: 'd/block', type: '4', mode: 0o660, major: 259, minor: 70_000, gid: 6 },
      file('d/old', 'before 1970', { mtime: -86_400 }),
      file('empty', ''),
    ],
  ],
  'pax records: names, nanoseconds, large owners, attributes': [
    [
      root,
      { name: 'x', content: 'n', pax: [['path', `${'long/'.repeat(50)}name`.replaceAll('/', '_')]] },
      { name: 't', content: 't', pax: [['mtime', '1234567890.123456789']] },
      { name: 'neg', content: 't', pax: [['mtime', '-1.25']] },
      {
        name: 'o',
        content: 't',
        pax: [
          ['uid', '4000000000'],
          ['gid', '4294967294'],
        ],
      },
      {
        name: 'capable',
        content: 'x',
        mode: 0o4755,
        uid: 5,
        pax: [
          [
            'SCHILY.xattr.security.capability',
            Buffer.from('0100000200040000000000000000000000000000', 'hex'),
          ],
          ['SCHILY.xattr.user.binary', Buffer.from([0, 255, 10, 61, 128])],
          ['SCHILY.xattr.trusted.mine', 'yes'],
        ],
      },
      { name: 'd', type: '5', mode: 0o755, pax: [['SCHILY.xattr.user.dir', 'é']] },
      file('d/x'),
    ],
  ],
  'GNU long names and links, names that are not UTF-8, v7': [
    [
      root,
      dir('p'),
      { name: `p/${'n'.repeat(200)}`, content: 'long', format: 'gnu' },
      { name: 'sym', type: '2', target: 't/'.repeat(150), format: 'gnu', mode: 0o777 },
      { name: 'p/caf\xe9\xff\x80', content: 'latin1' },
      { name: 'p/old', content: 'v7', format: 'v7' },
      { name: 'pre', content: 'prefix', patch: (header) => header.write('p', 345) },
    ],
  ],
  'the last entry of a name wins': [
    [
      root,
      dir('a'),
      file('a/1'),
      file('a', 'a file now'),
      file('b', 'one'),
      file('b', 'two', { mode: 0o600 }),
      symlink('c', 'b'),
      dir('c'),
      file('c/in'),
      dir('d', { mode: 0o700, pax: [['SCHILY.xattr.user.gone', '1']] }),
      file('d/kept'),
      dir('d', { mode: 0o750, mtime: 1_300_000_000 }),
      file('e', 'x'),
      link('f', 'e'),
      file('e', 'y'),
    ],
  ],
  'types that change from layer to layer': [
    [root, dir('a'), file('a/1'), file('b'), symlink('c', 'a'), dir('e'), file('e/1'), symlink('s', 'a')],
    [file('a', 'file'), dir('b'), file('b/1'), dir('c'), file('c/1'), dir('s'), file('s/own')],
    [dir('a'), file('a/2'), file('e', 'x'), dir('e'), file('e/2')],
  ],
  'hard links within a layer and to a lower one': [
    // Not two of them: a lower file that gets a link becomes a file of the upper layer, without its other names.
    [root, file('one', 'shared'), dir('d')],
    [link('three', 'one'), dir('d'), link('d/four', 'three'), symlink('l', 'one'), link('hl', 'l')],
  ],
  'a root that a layer describes': [
    [root, file('x')],
    [dir('./', { mode: 0o711, uid: 9 }), file('y')],
    [file('z')],
  ],
  'an opaque root': [
    [root, file('x'), dir('d')],
    [whiteout('.wh..wh..opq'), file('y')],
  ],
  'whiteouts inside what is opaque or new': [
    [root, dir('d'), file('d/x'), dir('d/s'), file('d/s/x')],
    [
      dir('d'),
      whiteout('d/.wh..wh..opq'),
      whiteout('d/.wh.x'),
      dir('d/s'),
      whiteout('d/s/.wh.x'),
      file('d/y'),
    ],
  ],
};

/** Layers whose times differ from run to run: of directories without an entry, or from which umoci removes something. */
const untimed: Record<string, TarMember[][]> = {
  'whiteouts in any order': [
    [
      root,
      dir('d'),
      file('d/1'),
      file('d/2'),
      dir('d/s'),
      file('d/s/x'),
      dir('o'),
      file('o/1'),
      dir('o/s'),
      file('o/s/1'),
      dir('q'),
      file('q/1'),
      dir('q/s'),
      file('q/s/1'),
      dir('r'),
      file('r/1'),
      dir('w'),
      file('w/1'),
      file('gone'),
    ],
    [
      dir('d'),
      whiteout('d/.wh.1'),
      whiteout('.wh.gone'),
      whiteout('d/.wh.never-there'),
      dir('o'),
      whiteout('o/.wh..wh..opq'),
      file('o/2'),
      dir('q'),
      file('q/2'),
      dir('q/s'),
      file('q/s/2'),
      whiteout('q/.wh..wh..opq'),
      whiteout('.wh.r'),
      dir('r'),
      file('r/2'),
      dir('w'),
      file('w/2'),
      whiteout('.wh.w'),
      dir('n'),
      whiteout('n/.wh.x'),
    ],
    [dir('d'), file('d/1', 'again'), dir('d/s'), whiteout('d/s/.wh..wh..opq')],
  ],
  'missing parents in the lowest layer': [[file('a/b/c/d')]],
  'missing parents that lower layers have, with their metadata': [
    [root, dir('a', { mode: 0o711, uid: 5 }), dir('a/b', { mode: 0o2750, gid: 9 }), file('a/b/old')],
    [file('a/b/new'), whiteout('a/b/.wh.old')],
  ],
  'a parent that is a symlink in a lower layer': [
    [root, dir('usr'), dir('usr/lib'), symlink('lib', 'usr/lib'), symlink('abs', '/usr/lib/')],
    [file('lib/x'), file('abs/y'), dir('lib/sub'), file('lib/sub/z')],
  ],
  'a parent that is a symlink in the same layer': [
    [root, dir('real'), symlink('s', 'real'), file('s/x'), symlink('up', '../../../real'), file('up/y')],
    [symlink('t', 'real/deeper'), file('t/made')],
  ],
  'a parent that climbs out of the root': [[root, symlink('out', '/../../..'), file('out/inside')]],
  'names and targets of hard links that climb': [
    [root, dir('d'), file('../x'), file('d/../../y'), file('no/../d/z'), link('l', '../../d/z')],
    [file('d/./../d/../../e'), whiteout('d/../.wh.x')],
  ],
  'names below what would be a whiteout': [
    [root, dir('a'), file('a/b')],
    [file('.wh.c/d'), dir('a/.wh.e/f'), file('a/.wh.e/.wh.f')],
  ],
  'whiteouts of what this layer has put there': [
    [root, dir('d'), file('d/1'), dir('d/s'), file('d/s/1')],
    [file('d/s/2'), whiteout('.wh.d'), whiteout('x/.wh.y')],
    [link('moved', 'd/s/2'), whiteout('d/s/.wh.2')],
  ],
  'a symlink that becomes a directory after it was used': [
    [root, dir('real'), symlink('s', 'real')],
    [file('s/x'), dir('s'), file('s/y')],
  ],
};

describe('layers look like what umoci makes of them, on an overlay and as whole trees', () => {
  it.each(Object.entries(exact))('%s', async (_, members) => {
    const layers = members.map((layer) => tar(...layer));
    const expected = room.umociView(layers);
    expect(await room.view(layers)).toEqual(expected);
    expect(await whole.view(layers)).toEqual(expected);
  });

  it.each(Object.entries(untimed))('%s', async (_, members) => {
    const layers = members.map((layer) => tar(...layer));
    const expected = room.umociView(layers, { times: false });
    expect(await room.view(layers, { times: false })).toEqual(expected);
    expect(await whole.view(layers, { times: false })).toEqual(expected);
  });

  it('random layers of entries and whiteouts over a few names', async () => {
    let compared = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const layers = randomLayers(seed).map((layer) => tar(...layer));
      const expected = umociOrNothing(layers);
      if (expected === undefined) continue;
      expect(await room.view(layers, { times: false }), `seed ${seed}`).toEqual(expected);
      expect(await whole.view(layers, { times: false }), `seed ${seed}, whole`).toEqual(expected);
      compared++;
    }
    expect(compared).toBeGreaterThan(8);
  });
});

function randomLayers(seed: number): TarMember[][] {
  let state = seed * 2_654_435_761;
  const random = (n: number): number => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) | 0;
    return (state >>> 1) % n;
  };
  const names = ['a', 'b', 'a/x', 'a/y', 'b/x', 'a/x/p', 'a/x/q', 'b/x/p'];
  const pick = (): string => names[random(names.length)] ?? 'a';
  const hidden = (name: string): string => name.replace(/[^/]+$/, '.wh.$&');
  const member = (layer: number): TarMember => {
    const name = pick();
    const isLeaf = !names.some((other) => other.startsWith(`${name}/`));
    const kind = random(20);
    if (kind < 6) return whiteout(hidden(name));
    if (kind < 8) return whiteout(`${name.slice(0, 1)}/.wh..wh..opq`);
    if (kind === 8) return symlink(name, ['b', '/a', 'x', '../b'][random(4)] ?? '');
    if (isLeaf || kind === 9) return file(name, `${layer} ${name}`);
    return dir(name, { mode: [0o755, 0o700][random(2)] ?? 0 });
  };
  return [0, 1, 2].map((layer) => {
    const members = [root, dir('a'), dir('b')];
    for (let count = 4 + random(8); count > 0; count--) members.push(member(layer));
    return members;
  });
}

/** Undefined when umoci refuses the layers: entries below something that is no directory. */
function umociOrNothing(layers: readonly Buffer[]): string[] | undefined {
  try {
    return room.umociView(layers, { times: false });
  } catch {
    return undefined;
  }
}

it.each([
  ['alone', 'lower/own'],
  ['and with the lower layers in view, as another link needs them', 'lower/a'],
])('hard links to what aufs kept aside are made %s', async (_, another) => {
  const layers = [
    tar(root, dir('lower'), file('lower/a')),
    tar(
      dir('.wh..wh.plnk', { mode: 0o700 }),
      file('.wh..wh.plnk/17.18', 'shared', { uid: 5, mode: 0o640 }),
      file('.wh..wh.plnk/unused', 'nobody has it'),
      link('one', '.wh..wh.plnk/17.18'),
      link('lower/two', '/.wh..wh.plnk/17.18'),
      file('lower/own', 'own'),
      link('lower/three', another),
    ),
  ];
  const own = new LayerRoom();
  try {
    const [top = ''] = await own.unpack(layers);
    expect(readdirSync(top).sort()).toEqual(['lower', 'one']);
    expect(readFileSync(join(top, 'lower/two'), 'utf8')).toBe('shared');
    expect(statSync(join(top, 'one'))).toMatchObject({ nlink: 2, uid: 5, mode: 0o100640 });
    expect(statSync(top).mtimeMs).toBe(1_500_000_000_000);
  } finally {
    own.remove();
  }
});

it('the device by which overlay says that nothing is there hides what is below', async () => {
  const layers = [
    tar(root, dir('d'), file('d/hidden'), file('d/kept')),
    tar(dir('d'), { name: 'd/hidden', type: '3' }, { name: 'd/nothing', type: '3' }),
  ];
  const shown = await room.view(layers, { times: false });
  expect(shown.map((line) => line.split(' ')[0])).toEqual(['.', 'd', 'd/kept']);
  const alone = await room.view([tar(root, { name: 'w', type: '3' })], { times: false });
  expect(alone.map((line) => line.split(' ')[0])).toEqual(['.']);
});

it('what follows the end of an archive counts for nothing but its digest', async () => {
  const archive = tar(root, file('a'));
  const [directory = ''] = await room.unpack([Buffer.concat([archive, tar(file('b')), Buffer.from('x')])]);
  expect(readdirSync(directory)).toEqual(['a']);
});

describe('compressed layers', () => {
  const archive = tar(root, file('a', 'x'.repeat(300_000)), file('b'));

  it.each([
    ['gzip', gzipSync(archive)],
    [
      'gzip of several members',
      Buffer.concat([gzipSync(archive.subarray(0, 999)), gzipSync(archive.subarray(999))]),
    ],
    ['zstd', zstdCompressSync(archive)],
    [
      'zstd of several frames',
      Buffer.concat([archive.subarray(0, 999), archive.subarray(999)].map((part) => zstdCompressSync(part))),
    ],
    ['zeros after the end of the archive', Buffer.concat([archive, Buffer.alloc(20_480)])],
  ])('%s', async (_, blob) => {
    const padded = blob.length > archive.length ? blob : archive;
    const own = new LayerRoom();
    try {
      const [directory = ''] = await own.unpack([blob], [digestOf(padded)]);
      expect(statSync(join(directory, 'a')).size).toBe(300_000);
      expect(existsSync(join(directory, 'b'))).toBe(true);
    } finally {
      own.remove();
    }
  });
});
