import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HELPER } from '../helpers/plan.ts';
import { describeTree } from '../helpers/tree.ts';

const ODD = 'mkdir d && echo content > d/f && ln d/f g && ln -s d link && mkfifo fifo';
const MAPS = ['u:0:300000:65536', 'g:0:400000:65536'];

let root: string;
let from: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-shift-'));
  from = join(root, 'from');
  mkdirSync(from);
});

afterAll(() => rmSync(root, { recursive: true }));

function shift(source: string, to: string, maps = MAPS): { status: number | null; stderr: string } {
  return spawnSync(HELPER, ['shift', source, to, ...maps], { encoding: 'utf8' });
}

/** Copies what `make` makes; the copy's path. */
function copy(name: string, make: (directory: string) => void): string {
  const source = join(from, name);
  const to = join(root, `to-${name}`);
  mkdirSync(source);
  make(source);
  expect(shift(source, to)).toMatchObject({ status: 0, stderr: '' });
  return to;
}

const attributes = (path: string): string =>
  execFileSync('getfattr', ['--absolute-names', '-h', '-d', '-m', '.', '-e', 'hex', path], {
    encoding: 'utf8',
  });

describe('a shifted copy', () => {
  it('has every owner shifted, and types, modes, targets and times as they were', () => {
    const at = 1_000_000_000.5;
    const to = copy('plain', (source) => {
      mkdirSync(join(source, 'a/b'), { recursive: true });
      writeFileSync(join(source, 'a/b/file'), 'content');
      symlinkSync('/a/b/file', join(source, 'a/link'));
      execFileSync('mkfifo', [join(source, 'fifo')]);
      execFileSync('mknod', [join(source, 'device'), 'b', '7', '3']);
      execFileSync('mknod', [join(source, 'whiteout'), 'c', '0', '0']);
      for (const [name, uid, gid] of [
        ['a', 1, 2],
        ['a/b/file', 1000, 2000],
        ['a/link', 3, 4],
        ['device', 5, 6],
        ['whiteout', 65535, 65535],
      ] as const)
        lchownSync(join(source, name), uid, gid);
      chmodSync(join(source, 'a/b/file'), 0o6755);
      chmodSync(join(source, 'a/b'), 0o1777);
      chmodSync(join(source, 'device'), 0o641);
      chmodSync(source, 0o751);
      for (const name of ['a/b/file', 'a/b', 'a', 'device', '']) utimesSync(join(source, name), at, at);
      lutimesSync(join(source, 'a/link'), at, at);
    });
    for (const name of ['', 'a', 'a/b', 'a/b/file', 'a/link', 'fifo', 'device', 'whiteout']) {
      const [was, is] = [lstatSync(join(from, 'plain', name)), lstatSync(join(to, name))];
      const { mode, rdev, size, mtimeMs, nlink } = was;
      const expected = { uid: was.uid + 300000, gid: was.gid + 400000, mode, rdev, mtimeMs, nlink };
      expect([name, is]).toEqual([name, expect.objectContaining(expected)]);
      if (!was.isDirectory()) expect(is.size).toBe(size);
    }
    expect(readFileSync(join(to, 'a/b/file'), 'utf8')).toBe('content');
    expect(readlinkSync(join(to, 'a/link'))).toBe('/a/b/file');
  });

  it('keeps hard links together', () => {
    const to = copy('links', (source) => {
      mkdirSync(join(source, 'd'));
      for (let i = 0; i < 600; i++) {
        writeFileSync(join(source, `f${i}`), String(i));
        linkSync(join(source, `f${i}`), join(source, 'd', `g${i}`));
      }
    });
    for (let i = 0; i < 600; i++) {
      const [one, other] = [lstatSync(join(to, `f${i}`)), lstatSync(join(to, 'd', `g${i}`))];
      expect([one.ino, one.nlink, one.uid]).toEqual([other.ino, 2, 300000]);
    }
  });

  it('has holes where there were some, and all content', () => {
    const to = copy('sparse', (source) => {
      const fd = openSync(join(source, 'holes'), 'w');
      writeSync(fd, 'start', 0);
      writeSync(fd, 'middle', 50_000_000);
      closeSync(fd);
      truncateSync(join(source, 'holes'), 100_000_000);
      writeFileSync(join(source, 'large'), Buffer.alloc(3_000_001, 'x'));
      writeFileSync(join(source, 'empty'), '');
    });
    for (const name of ['holes', 'large', 'empty'])
      expect(readFileSync(join(to, name)).equals(readFileSync(join(from, 'sparse', name)))).toBe(true);
    expect(lstatSync(join(to, 'holes')).blocks).toBeLessThan(200);
  });

  it('has attributes, with capabilities and access lists for the shifted ids', () => {
    const to = copy('attributes', (source) => {
      writeFileSync(join(source, 'file'), '');
      mkdirSync(join(source, 'opaque'));
      execFileSync('setfattr', ['-n', 'user.note', '-v', 'mine', join(source, 'file')]);
      execFileSync('setfattr', ['-n', 'trusted.overlay.opaque', '-v', 'y', join(source, 'opaque')]);
      execFileSync('setcap', ['cap_net_raw+ep', join(source, 'file')]);
      // Version 2; the owner, user 7 (rw), the group, group 9 (r), the mask, the others.
      const acl =
        '0x0200000001000600ffffffff020006000700000004000400ffffffff080004000900000010000600ffffffff20000400ffffffff';
      execFileSync('setfattr', ['-n', 'system.posix_acl_access', '-v', acl, join(source, 'opaque')]);
    });
    const file = attributes(join(to, 'file'));
    expect(file).toContain('user.note=0x6d696e65');
    // Revision 3, effective; CAP_NET_RAW; root 300000 (0x000493e0, little endian).
    expect(file).toContain('security.capability=0x0100000300200000000000000000000000000000e0930400');
    const opaque = attributes(join(to, 'opaque'));
    expect(opaque).toContain('trusted.overlay.opaque=0x79');
    expect(opaque).toContain(
      'system.posix_acl_access=0x0200000001000600ffffffff02000600e793040004000400ffffffff08000400891a060010000600ffffffff20000400ffffffff',
    );
  });

  it('is as deep as the layer, with few descriptors', () => {
    const deep = join('deep', ...Array<string>(500).fill('d'));
    mkdirSync(join(from, deep), { recursive: true });
    writeFileSync(join(from, deep, 'end'), 'here');
    const to = join(root, 'to-');
    const line = 'ulimit -n 16; exec "$@"';
    execFileSync('sh', ['-c', line, 'sh', HELPER, 'shift', join(from, 'deep'), `${to}deep`, ...MAPS]);
    expect(readFileSync(join(`${to}${deep}`, 'end'), 'utf8')).toBe('here');
    expect(lstatSync(`${to}${deep}`).uid).toBe(300000);
  });
});

describe('a copy that links', () => {
  const odd = (source: string): void => {
    mkdirSync(join(source, 'd'));
    chmodSync(join(source, 'd'), 0o2750);
    writeFileSync(join(source, 'd/f'), 'content');
    linkSync(join(source, 'd/f'), join(source, 'g'));
    symlinkSync('d', join(source, 'link'));
    execFileSync('mkfifo', [join(source, 'fifo')]);
    utimesSync(join(source, 'd'), 5, 5);
  };
  const inodes = (directory: string) =>
    ['d/f', 'g', 'link', 'fifo'].map((name) => lstatSync(join(directory, name)).ino);

  it('has directories of its own, and the files of the layer', () => {
    const source = join(from, 'linked');
    mkdirSync(source);
    odd(source);
    const to = join(root, 'to-linked');
    expect(shift(source, to, ['link', 'sync'])).toMatchObject({ status: 0, stderr: '' });
    expect(describeTree(to)).toEqual(describeTree(source));
    expect(inodes(to)).toEqual(inodes(source));
    expect(lstatSync(join(to, 'd')).ino).not.toBe(lstatSync(join(source, 'd')).ino);
  });

  it('has copies where files can have no more names, and one for all names of a file', () => {
    const source = join(from, 'unlinkable');
    mkdirSync(source);
    // No name leads from one file system to another.
    const script = `mount -t tmpfs none "$1" && cd "$1" && ${ODD} && "$2" shift "$1" "$3" link`;
    execFileSync('unshare', [
      '--mount',
      'sh',
      '-ec',
      script,
      'sh',
      source,
      HELPER,
      join(root, 'to-unlinkable'),
    ]);
    const [one, other] = inodes(join(root, 'to-unlinkable'));
    expect(one).toBe(other);
    expect(readFileSync(join(root, 'to-unlinkable/g'), 'utf8')).toBe('content\n');
  });
});

describe('a copy', () => {
  it('fails for an owner outside of the maps, and names the path', () => {
    const source = join(from, 'outside');
    mkdirSync(join(source, 'etc'), { recursive: true });
    writeFileSync(join(source, 'etc/stranger'), '');
    lchownSync(join(source, 'etc/stranger'), 0, 70000);
    const { status, stderr } = shift(source, join(root, 'to-outside'));
    expect(status).toBe(1);
    expect(stderr).toMatch(/^skiff-helper: shift: \/etc\/stranger: .*(too large|overflow)/i);
  });

  it('never writes to what is there already, nor through a link', () => {
    const there = join(root, 'there');
    mkdirSync(there);
    expect(shift(from, there)).toMatchObject({
      status: 1,
      stderr: `skiff-helper: shift: ${there}: File exists\n`,
    });
    const link = join(root, 'link');
    symlinkSync(join(root, 'elsewhere'), link);
    expect(shift(from, link).status).toBe(1);
    expect(existsSync(join(root, 'elsewhere'))).toBe(false);
    symlinkSync(from, join(root, 'from-link'));
    expect(shift(join(root, 'from-link'), join(root, 'to-link')).status).toBe(1);
  });

  it.each(['u:0:1', 'x:0:1:2', 'u:0:1:2:3', 'u:0:1:0', 'u:0:1:4294967296', 'u:a:1:2'])(
    'refuses the map %s',
    (map) => {
      const { status, stderr } = shift(from, join(root, 'to-map'), [map]);
      expect([status, stderr]).toEqual([1, `skiff-helper: shift: ${map}: Invalid argument\n`]);
    },
  );
});
