import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApplyStream } from '../../src/storage/layer/apply-stream.ts';
import type { EntryType, TarEntry } from '../../src/storage/tar/entry.ts';
import { HELPER } from '../helpers/layers.ts';

let root: string;
let layer: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-apply-'));
  layer = join(root, 'layer');
  mkdirSync(layer);
});
afterEach(() => {
  execFileSync(HELPER, ['remove', root]);
});

interface Applied {
  code: number | null;
  /** The fields of the error record. */
  error: string[];
  notes: string[];
  outline: Buffer;
}

/** Applies records to what an archive has. */
function apply(operations: Uint8Array, archive: Uint8Array = Buffer.alloc(0), compression = 'none'): Applied {
  const file = join(root, 'operations');
  writeFileSync(file, operations);
  const fd = openSync(file, 'r');
  const { status, output } = spawnSync(HELPER, ['apply', layer, compression], {
    input: archive,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', fd],
    maxBuffer: 1 << 28,
  });
  closeSync(fd);
  const fields = (stream: number): string[] =>
    String(output[stream] ?? '')
      .split('\0')
      .slice(0, -1);
  const outline = Buffer.from(output[4] ?? '');
  return { code: status, error: fields(3), notes: fields(1), outline };
}

/** The bytes of what is put into a stream, and its end. */
function records(put: (stream: ApplyStream) => void): Buffer {
  const stream = new ApplyStream();
  put(stream);
  stream.end();
  return Buffer.concat(stream.take(true));
}

function make(stream: ApplyStream, type: EntryType, path: string, more: Partial<TarEntry> = {}): void {
  const entry: TarEntry = {
    type,
    name: path,
    target: '',
    mode: 0o755,
    uid: 0,
    gid: 0,
    size: 0,
    mtime: { seconds: 1_000_000_000, nanoseconds: 5 },
    major: 0,
    minor: 0,
    xattrs: [],
    ...more,
  };
  stream.make(entry, { kind: 'make', path, target: entry.target, xattrs: entry.xattrs });
}

describe('the helper trusts no path, whoever wrote it', () => {
  it.each(['../escape', 'a/../../escape', '/../escape', 'link/escape', 'link/../../escape'])('%s', (path) => {
    symlinkSync('../..', join(layer, 'link'));
    apply(records((stream) => make(stream, 'file', path)));
    expect(readdirSync(root)).toEqual(['layer', 'operations']);
    expect(readdirSync(join(root, '..'))).not.toContain('escape');
  });

  it('hard links to what lies outside are not made', () => {
    symlinkSync('/etc', join(layer, 'out'));
    const { notes } = apply(
      records((stream) => {
        for (const target of ['../../../etc/passwd', 'out/passwd', '/etc/passwd'])
          make(stream, 'link', 'l', { target });
      }),
    );
    expect(notes).toEqual(['missing', 'l', 'missing', 'l', 'missing', 'l']);
    expect(readdirSync(layer)).toEqual(['out']);
  });
});

describe('the stream', () => {
  it.each([
    ['a record of 4 GiB', Buffer.from('ffffffff64000000', 'hex')],
    ['content without a file', records((stream) => stream.data(Buffer.from('x')))],
    [
      'an entry that is cut short',
      Buffer.concat([Buffer.from([4, 0, 0, 0, 0x46, 0, 0, 0]), Buffer.alloc(4)]),
    ],
    ['an unknown operation', records((stream) => make(stream, 'file', 'x')).fill('?', 4, 5)],
  ])('%s is refused', (_, bytes) => {
    const { code, error } = apply(bytes);
    expect(code).toBe(1);
    expect(error[1]).toBe('74'); // EBADMSG
  });

  it('that ends early is an error, for then the layer is not whole', () => {
    const whole = records((stream) => make(stream, 'file', 'x'));
    const { code, error } = apply(whole.subarray(0, -8));
    expect([code, error[0], error[1]]).toEqual([1, 'layer-stream', '125']); // ECANCELED
  });

  it('names the entry that failed', () => {
    const { code, error } = apply(
      records((stream) => {
        make(stream, 'file', 'f');
        make(stream, 'file', 'f/below');
      }),
    );
    expect([code, error]).toEqual([1, ['layer-entry', '20', 'f/below']]); // ENOTDIR
  });

  it('is answered at a checkpoint, after the notes of what came before', () => {
    const { code, notes } = apply(
      records((stream) => {
        make(stream, 'file', 'a/b/c');
        stream.hide('whiteout', 'a/x');
        stream.checkpoint();
      }),
    );
    expect([code, notes]).toEqual([0, ['implied', 'a', 'implied', 'a/b', 'whiteout', 'a', 'checkpoint', '']]);
  });
});

it('holes stay holes, also at the end of a file', () => {
  const size = 64 << 20;
  const { code } = apply(
    records((stream) => {
      make(stream, 'file', 'sparse', { size });
      stream.hole(1 << 20);
      stream.data(Buffer.alloc(5000, 'x'));
      stream.hole(size - (1 << 20) - 5000);
    }),
  );
  const stat = statSync(join(layer, 'sparse'));
  expect([code, stat.size]).toEqual([0, size]);
  expect(stat.blocks * 512).toBeLessThan(1 << 20);
  expect(readFileSync(join(layer, 'sparse')).subarray(1 << 20, (1 << 20) + 5000)).toEqual(
    Buffer.alloc(5000, 'x'),
  );
});

it('large content arrives whole, whatever the pieces', () => {
  const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 251));
  const { code } = apply(
    records((stream) => {
      make(stream, 'file', 'large', { size: content.length });
      stream.data(content.subarray(0, 10));
      stream.data(content.subarray(10, 40_000));
      stream.data(content.subarray(40_000));
    }),
  );
  expect(code).toBe(0);
  expect(readFileSync(join(layer, 'large')).equals(content)).toBe(true);
});

it('the times of directories survive what is put into them later', () => {
  utimesSync(layer, 900_000_000, 900_000_000);
  apply(
    records((stream) => {
      make(stream, 'directory', 'a');
      make(stream, 'directory', 'a/b');
      make(stream, 'file', 'a/x');
      make(stream, 'file', 'a/b/y');
      make(stream, 'file', 'a/x');
      make(stream, 'file', 'a/made/z');
      stream.hide('whiteout', 'a/b/gone');
    }),
  );
  const times = ['', 'a', 'a/b'].map((path) => statSync(join(layer, path), { bigint: true }).mtimeNs);
  expect(times).toEqual([900_000_000_000_000_000n, 1_000_000_000_000_000_005n, 1_000_000_000_000_000_005n]);
});
