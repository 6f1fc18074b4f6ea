import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlobStore } from '../../../../src/storage/blob-store.ts';
import { openImageDirectory, readImageArchive } from '../../../../src/storage/tar/image-files.ts';
import { type TarMember, tar, tarMember } from '../../../helpers/tar.ts';

let root: string;
let blobs: BlobStore;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'image-files-'));
  mkdirSync(join(root, 'tmp'));
  blobs = new BlobStore({ blobs: join(root, 'blobs'), tmp: () => join(root, 'tmp') });
});
afterEach(() => {
  expect(readdirSync(join(root, 'tmp'))).toEqual([]);
  rmSync(root, { recursive: true });
});

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const read = (...members: TarMember[]) => readImageArchive(once(tar(...members)), blobs);
const symlink = (name: string, target: string): TarMember => ({ name, type: '2', target });
const link = (name: string, target: string): TarMember => ({ name, type: '1', target });
const file = (name: string, content: Buffer | string = name): TarMember => ({ name, content });
const LARGE = Buffer.alloc(100_000, 'x');

describe('an archive of images', () => {
  it('has files by their names, and by links that lead to them', async () => {
    await using files = await read(
      file('./a/layer.tar', LARGE),
      symlink('b/layer.tar', '../a/layer.tar'),
      link('c', 'b/layer.tar'),
      symlink('d', '/c'),
    );
    for (const name of ['a/layer.tar', 'b/layer.tar', 'c', 'd', './a/../c'])
      expect(await files.find(name)?.read(LARGE.length)).toEqual(LARGE);
  });

  it.each<[string, TarMember[], string]>([
    ['to itself', [symlink('x', 'x')], 'x'],
    ['in a circle', [symlink('x', 'y'), link('y', 'z'), symlink('z', 'x')], 'x'],
    ['to nothing', [link('x', 'nothing')], 'x'],
    ['to a file of the host', [symlink('x', '/etc/passwd')], 'x'],
    ['through a directory that is one', [symlink('x', '/etc')], 'x/passwd'],
    ['by a long way', Array.from({ length: 40 }, (_, index) => symlink(`x${index}`, `x${index + 1}`)), 'x0'],
  ])('has nothing where a link leads %s', async (_, members, name) => {
    await using files = await read(...members, file('x40'));
    expect(files.find(name)).toBeUndefined();
  });

  it.each<[string, TarMember[], string]>([
    ['names that lead out', [file('a/../../x')], 'leads out of it: "a/../../x"'],
    ['links that lead out', [symlink('a/x', '../../etc/passwd')], 'leads out of it'],
    ['hard links that lead out', [link('x', '../x')], 'leads out of it'],
    ['two files of one name', [file('x', 'one'), file('./x', 'two')], 'two files of the name "x"'],
    ['two large ones', [file('x', LARGE), file('x', Buffer.alloc(100_000))], 'two files of the name "x"'],
    ['a link of the name of a file', [file('x'), symlink('x', 'y')], 'two files of the name "x"'],
    ['a file of the name of a link', [symlink('x', 'y'), file('x', LARGE)], 'two files of the name "x"'],
    ['two links of one name', [link('x', 'y'), symlink('x', 'z')], 'two files of the name "x"'],
    ['a device', [{ name: 'null', type: '3' }], '"null", which is no file'],
    ['a pipe', [{ name: 'pipe', type: '6' }], '"pipe", which is no file'],
    ['a file that is longer than the archive', [{ name: 'x', size: 2 ** 40 }], 'cut short'],
    ['a file of negative size', [{ name: 'x', size: -1 }], 'has an absurd size'],
  ])('is refused with %s, and nothing stays', async (_, members, message) => {
    await expect(read(file('first', LARGE), ...members)).rejects.toThrow(message);
  });

  it('may say the same twice', async () => {
    await using files = await read(file('x', LARGE), file('x', LARGE), link('y', 'x'), link('y', 'x'));
    expect(files.find('y')?.size).toBe(LARGE.length);
  });

  it('is refused before its names fill the memory', async () => {
    async function* names(): AsyncGenerator<Uint8Array> {
      const pax = [['path', Buffer.alloc(1_000_000, 'x')]] as const;
      for (;;) yield tarMember({ name: 'x', pax });
    }
    await expect(readImageArchive(names(), blobs)).rejects.toThrow('the names in the archive are too long');
  });

  it('does not read documents into memory that are too long for one', async () => {
    await using files = await read(file('manifest.json', Buffer.alloc(200_000, ' ')));
    await expect(files.find('manifest.json')?.read(199_999)).rejects.toThrow('is longer than 199999 bytes');
  });
});

describe('a directory of images', () => {
  it('has no files but its own, whatever its links say', async () => {
    const directory = join(root, 'layout');
    mkdirSync(directory);
    writeFileSync(join(root, 'secret'), 'secret');
    symlinkSync('../secret', join(directory, 'out'));
    symlinkSync('/etc/passwd', join(directory, 'passwd'));
    symlinkSync('circle', join(directory, 'circle'));
    symlinkSync('gone', join(directory, 'dangling'));
    await using files = openImageDirectory(directory, blobs);
    for (const name of ['out', 'passwd', '../secret'])
      expect(() => files.find(name)).toThrow(`leads out of ${directory}`);
    for (const name of ['circle', 'dangling', 'nothing', 'x'.repeat(5000), 'with\0nul'])
      expect(files.find(name)).toBeUndefined();
  });
});
