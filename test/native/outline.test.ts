import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { ApplyStream } from '../../src/storage/layer/apply-stream.ts';
import { OutlineReader } from '../../src/storage/layer/outline.ts';
import type { TarEntry } from '../../src/storage/tar/entry.ts';
import { TarParser } from '../../src/storage/tar/parser.ts';
import { HELPER } from '../helpers/layers.ts';
import { paxHeader, type TarMember, tar, tarMember } from '../helpers/tar.ts';
import { found } from '../helpers/until.ts';

let room: string;
beforeAll(() => {
  room = mkdtempSync(join(tmpdir(), 'skiff-outline-'));
});
afterAll(() => {
  execFileSync(HELPER, ['remove', room]);
});

interface Seen {
  entry: TarEntry;
  /** Everything that it holds, holes as zeros. */
  content: Buffer;
}

/** What the parser makes of an archive, and of its outline: the same, with content from where the outline says it is. */
class Seeing {
  readonly seen: Seen[] = [];
  leftOut = 0;
  readonly #archive: Buffer;
  constructor(archive: Buffer) {
    this.#archive = archive;
  }
  entry(entry: TarEntry): void {
    this.seen.push({ entry, content: Buffer.alloc(0) });
  }
  data(bytes: Buffer): void {
    const last = this.seen.at(-1) ?? expect.fail('content before an entry');
    last.content = Buffer.concat([last.content, bytes]);
  }
  hole(length: number): void {
    this.data(Buffer.alloc(length));
  }
  content(position: number, length: number): void {
    this.leftOut += length;
    this.data(this.#archive.subarray(position, position + length));
  }
}

interface Run {
  reader: OutlineReader;
  sink: Seeing;
  /** What reading the outline threw. */
  error: unknown;
}

/** Has the helper unpack a blob that arrives in pieces, releases all content, and reads the outline. */
async function outlineOf(blob: Buffer, archive: Buffer, compression = 'gzip', piece = 65_536): Promise<Run> {
  const layer = mkdtempSync(join(room, 'layer-'));
  const child = spawn(HELPER, ['apply', layer, compression], {
    stdio: ['pipe', 'ignore', 'inherit', 'pipe', 'pipe', 'pipe'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const [input, outline, operations] = [0, 4, 5].map((fd) => child.stdio[fd]) as [
    Writable,
    Readable,
    Writable,
  ];
  for (const stream of [input, operations]) stream.on('error', () => {});
  for (let at = 0; at < blob.length; at += piece) input.write(blob.subarray(at, at + piece));
  input.end();
  const released = new ApplyStream();
  const sink = new Seeing(archive);
  const content = sink.content.bind(sink);
  sink.content = (position, length) => {
    content(position, length);
    released.release(position + length);
  };
  const reader = new OutlineReader(sink);
  let error: unknown;
  try {
    for await (const chunk of outline) {
      reader.push(chunk as Buffer);
      for (const records of released.take(true)) operations.write(records);
    }
  } catch (thrown) {
    error = thrown;
  }
  child.kill('SIGKILL');
  await ended;
  return { reader, sink, error };
}

function parsed(archive: Buffer): Seen[] {
  const sink = new Seeing(archive);
  const parser = new TarParser(sink);
  parser.push(archive);
  parser.end();
  return sink.seen;
}

const octal = (value: number): string => `${value.toString(8).padStart(11, '0')}\0`;
const after: TarMember = { name: 'after', content: 'z'.repeat(700) };
const sparseData = Buffer.concat([Buffer.alloc(600, 'a'), Buffer.alloc(5, 'b')]);
const map = Buffer.alloc(512);
map.write('2\n1000\n600\n2000\n5\n');
const extension = Buffer.alloc(512);
extension.write(octal(2000) + octal(5));
const oldSparse = (extended: boolean) =>
  tarMember({
    name: 's',
    type: 'S',
    format: 'gnu',
    content: sparseData,
    patch: (block) => {
      block.write(octal(1000) + octal(600), 386);
      if (extended) block[482] = 1;
      else block.write(octal(2000) + octal(5), 410);
      block.write(octal(3000), 483);
    },
  });
const base256 = Buffer.alloc(12);
base256[0] = 0x80;
base256.writeUInt32BE(1000, 8);

describe('the outline of an archive says all but the content of plain files', () => {
  const archives: [string, Buffer, leftOut: number][] = [
    [
      'plain files of all lengths around a block',
      tar(...[0, 1, 511, 512, 513, 5000].map((size) => ({ name: `f${size}`, content: 'x'.repeat(size) }))),
      6537,
    ],
    [
      'other types, with and without a size that they do not have',
      tar(
        { name: 'd', type: '5', size: 4096 },
        { name: 'l', type: '1', target: 'x', size: 4096 },
        { name: 's', type: '2', target: 'x' },
        { name: 'c', type: '3', major: 1, minor: 2, size: 100 },
        { name: 'contiguous', type: '7', content: 'abc' },
        after,
      ),
      703,
    ],
    [
      'a v7 name that ends in a slash',
      tar({ name: 'd/', type: '\0', format: 'v7', content: 'odd' }, after),
      703,
    ],
    ['long names of GNU', tar({ name: 'n'.repeat(300), content: 'y', format: 'gnu' }, after), 701],
    [
      'pax headers that say nothing of the content',
      tar({ name: 'x', content: 'y', pax: [['path', 'p'.repeat(600)]] }, after),
      701,
    ],
    ['a global header', Buffer.concat([paxHeader([['size', '7']], 'g'), tar(after)]), 700],
    [
      'a pax header that says the size',
      tar(after, { name: 'x', content: 'abc', size: 0, pax: [['size', '3']] }, after),
      700,
    ],
    ['a size in base 256', tar(after, { name: 'x', content: 'y'.repeat(1000), size: base256 }, after), 700],
    ['a sparse file of old GNU', Buffer.concat([oldSparse(false), tar(after)]), 700],
    [
      'one with an extension block',
      Buffer.concat([oldSparse(true).subarray(0, 512), extension, oldSparse(true).subarray(512), tar(after)]),
      0,
    ],
    [
      'a sparse file of pax 1.0',
      tar(
        {
          name: 'GNUSparseFile.1/s',
          content: Buffer.concat([map, sparseData]),
          pax: [
            ['GNU.sparse.major', '1'],
            ['GNU.sparse.minor', '0'],
            ['GNU.sparse.name', 's'],
            ['GNU.sparse.realsize', '3000'],
          ],
        },
        after,
      ),
      700,
    ],
    [
      'a pax header longer than the unpacker looks into',
      tar({ name: 'x', content: 'y', pax: [['SCHILY.xattr.user.x', 'v'.repeat(70_000)]] }, after),
      0,
    ],
    ['no closing blocks, nor the padding of the last entry', tarMember(after).subarray(0, 512 + 700), 700],
    ['something behind its end', Buffer.concat([tar(after), Buffer.alloc(3000, 'x')]), 700],
    ['nothing', Buffer.alloc(0), 0],
  ];

  it.each(archives)('%s', async (_, archive, leftOut) => {
    for (const [blob, compression, piece] of [
      [archive, 'none', 1000],
      [gzipSync(archive), 'gzip', 65_536],
    ] as const) {
      const { reader, sink, error } = await outlineOf(blob, archive, compression, piece);
      expect(error).toBeUndefined();
      expect(sink.seen).toEqual(parsed(archive));
      expect([sink.leftOut, reader.digest]).toEqual([leftOut, digestOf(archive)]);
    }
  });
});

describe('gzip', () => {
  // Several times as large as the memory that it passes through, with runs and with what cannot be compressed.
  const content = Buffer.alloc(20 << 20, 'long runs of one thing ');
  for (let at = 0; at < content.length; at += 4)
    if ((at >> 16) % 3 === 0) content.writeUInt32LE(((at + 1) * 2_654_435_761) % 2 ** 32, at);
  const archive = tar({ name: 'large', content }, { name: 'small', content: 'x' });
  const whole = gzipSync(archive);

  it('of any level comes out whole, also where nothing is compressed', async () => {
    for (const level of [0, 1, 9]) {
      const { reader, error } = await outlineOf(gzipSync(archive, { level }), archive);
      expect([error, reader.digest]).toEqual([undefined, digestOf(archive)]);
    }
  });

  it('of many members, with all that their headers can hold, is one archive', async () => {
    const small = tar({ name: 'f', content: 'x'.repeat(100_000) }, { name: 'g', content: 'y' });
    const members = [0, 1, 600, 50_000, 50_001].map((from, index, all) =>
      gzipSync(small.subarray(from, all[index + 1])),
    );
    // FHCRC, FEXTRA, FNAME, FCOMMENT (RFC 1952, 2.3.1).
    const [first = Buffer.alloc(0), ...others] = members;
    const fields = Buffer.from('\x04\x00abcdname\0comment\0cc', 'latin1');
    const header = Buffer.concat([first.subarray(0, 3), Buffer.of(0x1e), first.subarray(4, 10), fields]);
    const blob = Buffer.concat([header, first.subarray(10), ...others]);
    for (const piece of [1, 7, blob.length]) {
      const { reader, error } = await outlineOf(blob, small, 'gzip', piece);
      expect([error, reader.digest]).toEqual([undefined, digestOf(small)]);
    }
  });

  const damagedAt = (at: number) => {
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    return bytes;
  };
  it.each([
    ['cut short in its header', whole.subarray(0, 7)],
    ['cut short in its data', whole.subarray(0, 300_000)],
    ['cut short where a piece of the input ends', whole.subarray(0, 256 << 10)],
    ['cut short in its checksum', whole.subarray(0, -5)],
    ['with a wrong checksum', damagedAt(whole.length - 8)],
    ['with a wrong length', damagedAt(whole.length - 1)],
    ['with reserved flags', damagedAt(3).fill(0xe0, 3, 4)],
    ['with a second member that is cut short', Buffer.concat([whole, whole.subarray(0, 20)])],
    ['with a second member of two bytes', Buffer.concat([whole, whole.subarray(0, 2)])],
    ['that is nothing', Buffer.alloc(0)],
  ])('%s is damaged', async (_, blob) => {
    const { reader, error } = await outlineOf(blob, archive);
    expect(error).toMatchObject({ kind: 'invalid', message: 'the gzip stream is damaged or cut short' });
    expect(reader.digest).toBeUndefined();
  });

  it.each([
    ['zeros', Buffer.alloc(100)],
    ['one byte', Buffer.from('x')],
    ['the first byte of a member', Buffer.of(0x1f)],
  ])('followed by %s is refused', async (_, more) => {
    const { error } = await outlineOf(Buffer.concat([whole, more]), archive);
    expect(error).toMatchObject({
      kind: 'invalid',
      message: 'there is data after the end of the gzip stream',
    });
  });
});

it('an archive that lies about its content is cut short, not waited for', async () => {
  const archive = tarMember({ name: 'big', content: 'x'.repeat(600), size: 1 << 30 });
  const { error } = await outlineOf(gzipSync(archive), archive);
  expect(error).toMatchObject({ message: expect.stringContaining('cut short in or after entry "big"') });
});

it('the unpacker has no capabilities, and system calls but those that it needs', async () => {
  const layer = mkdtempSync(join(room, 'layer-'));
  const child = spawn(HELPER, ['apply', layer, 'gzip'], {
    stdio: ['pipe', 'ignore', 'inherit', 'pipe', 'pipe', 'pipe'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    const status = await found(() => {
      const unpacker = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
      const text = unpacker === '' ? '' : readFileSync(`/proc/${unpacker}/status`, 'utf8');
      return /^Seccomp:\t2$/m.test(text) ? text : undefined;
    });
    expect(status).toMatch(/^CapPrm:\t0+$/m);
    expect(status).toMatch(/^CapEff:\t0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
});
