import { describe, expect, it } from 'vitest';
import type { TarEntry } from '../../../../src/storage/tar/entry.ts';
import { TarParser } from '../../../../src/storage/tar/parser.ts';
import { paxHeader, type TarMember, tar, tarMember } from '../../../helpers/tar.ts';

interface Parsed extends TarEntry {
  content: Buffer;
}

/** Parses an archive that arrives in pieces of a size; holes become zeros. */
function parse(archive: Buffer, pieceSize = archive.length): Parsed[] {
  const entries: Parsed[] = [];
  const append = (bytes: Buffer): void => {
    const last = entries.at(-1) ?? expect.fail('content before an entry');
    last.content = Buffer.concat([last.content, bytes]);
  };
  const parser = new TarParser({
    entry: (entry) => entries.push({ ...entry, content: Buffer.alloc(0) }),
    data: append,
    hole: (length) => append(Buffer.alloc(length)),
  });
  for (let at = 0; at < archive.length; at += pieceSize) parser.push(archive.subarray(at, at + pieceSize));
  parser.end();
  return entries;
}

const one = (member: TarMember): Parsed => parse(tar(member))[0] ?? expect.fail('no entry');

describe('headers', () => {
  it('gives every field of a ustar header', () => {
    const member = { name: 'dev', type: '4', mode: 0o660, uid: 7, gid: 8, mtime: 123, major: 9, minor: 10 };
    expect(one(member)).toMatchObject({
      type: 'block',
      name: 'dev',
      mode: 0o660,
      uid: 7,
      gid: 8,
      mtime: { seconds: 123, nanoseconds: 0 },
      major: 9,
      minor: 10,
    });
  });

  it('puts the prefix of a ustar name in front, and not that of a star or GNU one', () => {
    expect(one({ name: 'n', patch: (block) => block.write('a/b', 345) }).name).toBe('a/b/n');
    const star = (block: Buffer): void => {
      block.write('p', 345);
      block.write('12345670000', 345 + 131);
      block.write('tar\0', 508);
    };
    expect(one({ name: 'n', patch: star }).name).toBe('p/n');
    expect(one({ name: 'n', format: 'gnu', patch: (block) => block.write('1234', 345) }).name).toBe('n');
  });

  it('reads numbers in base 256, also below zero', () => {
    expect(one({ name: 'x', uid: 3_000_000, gid: 2 ** 31 })).toMatchObject({ uid: 3_000_000, gid: 2 ** 31 });
    expect(one({ name: 'x', mtime: -1 }).mtime).toEqual({ seconds: -1, nanoseconds: 0 });
    expect(one({ name: 'x', mtime: -86_400 }).mtime.seconds).toBe(-86_400);
  });

  it('takes checksums of signed bytes, as old tars wrote them', () => {
    const archive = tar({ name: 'caf\xe9' });
    const signed = archive.subarray(0, 512).reduce((sum, byte, at) => {
      return sum + (at >= 148 && at < 156 ? 0x20 : byte > 127 ? byte - 256 : byte);
    }, 0);
    archive.write(`${signed.toString(8).padStart(6, '0')}\0 `, 148);
    expect(parse(archive)[0]?.name).toBe('caf\xe9');
  });

  it('takes a v7 name that ends in a slash for a directory', () => {
    expect(one({ name: 'd/', type: '\0', format: 'v7' }).type).toBe('directory');
  });

  it('reads no content after types that have none, whatever size they state', () => {
    const archive = tar({ name: 'l', type: '1', target: 'x', size: 4096 }, { name: 'after', content: 'yes' });
    expect(parse(archive).map(({ name, size }) => [name, size])).toEqual([
      ['l', 0],
      ['after', 3],
    ]);
  });

  it('accepts an archive without its closing blocks', () => {
    expect(parse(tarMember({ name: 'x', content: 'y' }))).toHaveLength(1);
  });
});

describe('extended headers', () => {
  it('keeps the bytes of names and attributes', () => {
    const value = Buffer.from([0, 1, 0xff, 0x0a, 0x3d, 0xc3, 0x28]);
    const entry = one({
      name: 'x',
      pax: [
        ['path', Buffer.from([0x61, 0xff])],
        ['SCHILY.xattr.user.x', value],
      ],
    });
    expect(entry.name).toBe('a\xff');
    expect(entry.xattrs).toEqual([{ name: 'user.x', value: value.toString('latin1') }]);
  });

  it('prefers pax sizes, owners and times, and ignores empty values', () => {
    const pax = [
      ['uid', '5'],
      ['gid', ''],
      ['mtime', '-1.25'],
      ['size', '2'],
    ] as const;
    expect(one({ name: 'x', gid: 9, pax, content: 'ab', size: 0 })).toMatchObject({
      uid: 5,
      gid: 9,
      mtime: { seconds: -2, nanoseconds: 750_000_000 },
      content: Buffer.from('ab'),
    });
  });

  it('applies a header to one entry only', () => {
    const archive = tar({ name: 'a', pax: [['path', 'b']] }, { name: 'c' });
    expect(parse(archive).map(({ name }) => name)).toEqual(['b', 'c']);
  });

  it('skips global headers', () => {
    const archive = Buffer.concat([paxHeader([['path', 'evil']], 'g'), tar({ name: 'x' })]);
    expect(parse(archive).map(({ name }) => name)).toEqual(['x']);
  });

  it('reads GNU long names and targets', () => {
    const [name, target] = ['n'.repeat(300), 't'.repeat(400)];
    expect(one({ name, type: '2', target, format: 'gnu' })).toMatchObject({ name, target });
  });
});

describe('sparse files', () => {
  const data = Buffer.concat([Buffer.alloc(600, 'a'), Buffer.alloc(5, 'b')]);
  const whole = Buffer.concat([
    Buffer.alloc(1000),
    Buffer.alloc(600, 'a'),
    Buffer.alloc(400),
    Buffer.alloc(5, 'b'),
    Buffer.alloc(995),
  ]);
  const octal = (value: number): string => `${value.toString(8).padStart(11, '0')}\0`;

  const oldHeader =
    (extended: boolean) =>
    (block: Buffer): void => {
      block.write(octal(1000) + octal(600), 386);
      if (extended) block[482] = 1;
      else block.write(octal(2000) + octal(5), 410);
      block.write(octal(3000), 483);
    };
  const extension = Buffer.alloc(512);
  extension.write(octal(2000) + octal(5));
  const plain = tarMember({ name: 's', type: 'S', format: 'gnu', content: data, patch: oldHeader(true) });
  const map = Buffer.alloc(512);
  map.write('2\n1000\n600\n2000\n5\n');

  it.each([
    ['old GNU', tarMember({ name: 's', type: 'S', format: 'gnu', content: data, patch: oldHeader(false) })],
    [
      'old GNU with an extension block',
      Buffer.concat([plain.subarray(0, 512), extension, plain.subarray(512)]),
    ],
    [
      'pax 0.0',
      tarMember({
        name: 's',
        content: data,
        pax: [
          ['GNU.sparse.size', '3000'],
          ['GNU.sparse.numblocks', '2'],
          ['GNU.sparse.offset', '1000'],
          ['GNU.sparse.numbytes', '600'],
          ['GNU.sparse.offset', '2000'],
          ['GNU.sparse.numbytes', '5'],
        ],
      }),
    ],
    [
      'pax 0.1',
      tarMember({
        name: 'GNUSparseFile.1/s',
        content: data,
        pax: [
          ['GNU.sparse.size', '3000'],
          ['GNU.sparse.map', '1000,600,2000,5'],
          ['GNU.sparse.name', 's'],
        ],
      }),
    ],
    [
      'pax 1.0',
      tarMember({
        name: 'GNUSparseFile.1/s',
        content: Buffer.concat([map, data]),
        pax: [
          ['GNU.sparse.major', '1'],
          ['GNU.sparse.minor', '0'],
          ['GNU.sparse.name', 's'],
          ['GNU.sparse.realsize', '3000'],
        ],
      }),
    ],
  ])('%s', (_, member) => {
    const [sparse, after] = parse(Buffer.concat([member, tar({ name: 'after', content: 'x' })]), 100);
    expect(sparse).toMatchObject({ name: 's', type: 'file', size: 3000 });
    expect(sparse?.content.equals(whole)).toBe(true);
    expect(after?.name).toBe('after');
  });
});

it('makes the same of an archive however it is cut into pieces', () => {
  const archive = tar(
    { name: 'a', content: 'x'.repeat(1000), pax: [['mtime', '1.5']] },
    { name: 'n'.repeat(150), content: 'y'.repeat(512), format: 'gnu' },
    { name: 'empty' },
  );
  const whole = parse(archive);
  for (const size of [1, 7, 511, 512, 513, 1000]) expect(parse(archive, size)).toEqual(whole);
});

describe('the end', () => {
  const member = { name: 'last', content: 'content\n' };
  const header = 512;

  it('may come right after the content of the last entry, as umoci insert writes it', () => {
    const archive = tarMember(member).subarray(0, header + member.content.length);
    expect(parse(archive)).toEqual([
      expect.objectContaining({ name: 'last', content: Buffer.from('content\n') }),
    ]);
  });

  it('may not come within it', () => {
    expect(() => parse(tarMember(member).subarray(0, header + 3))).toThrow(
      /cut short in or after entry "last"/,
    );
  });
});
