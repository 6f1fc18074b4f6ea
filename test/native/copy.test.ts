import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processIdentity } from '../../src/host/process.ts';
import { placeArchive } from '../../src/storage/archive/place.ts';
import { builtProgram } from '../helpers/built-program.ts';
import { LONG, tries } from '../helpers/long.ts';
import { makeOddTree } from '../helpers/odd-tree.ts';
import { HELPER } from '../helpers/plan.ts';
import { describeTree } from '../helpers/tree.ts';

let root: string;
let from: string;
let to: string;

beforeEach(() => {
  // A tmpfs: it holds large attributes.
  root = mkdtempSync('/dev/shm/skiff-copy-');
  [from, to] = [join(root, 'from'), join(root, 'to')];
  for (const directory of [from, to]) mkdirSync(directory);
});

afterEach(() => {
  execFileSync(HELPER, ['remove', root]);
});

function copy(source: string, ...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(HELPER, ['copy', 'dir:/', join(from, source), 'dir:/', to, ...words], {
    encoding: 'utf8',
  });
}

/** Makes a socket at a path. */
const SOCKET = 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])';

describe('a copied tree', () => {
  it('is what it was, entry by entry, whatever is in it', () => {
    makeOddTree(from);
    expect(copy('', 'as=.')).toMatchObject({ status: 0, stderr: '' });
    // The directory itself stays as it is.
    const below = (directory: string) => describeTree(directory).slice(1);
    expect(below(to)).toEqual(below(from));
    for (const name of ['sparse', 'hole', 'hole-behind']) {
      const [was, is] = [from, to].map((directory) => statSync(join(directory, name)).blocks);
      expect(is).toBe(was);
    }
  });

  it("keeps, exact, also what is overlay's own, sockets, and all attributes", () => {
    makeOddTree(from);
    const script = `mkdir opaque; setfattr -n trusted.overlay.opaque -v y opaque; mknod gone c 0 0
      touch origin; setfattr -n trusted.overlay.origin -v 0x00fb origin; setfattr -n user.a=b -v c origin`;
    execFileSync('sh', ['-ec', script], { cwd: from });
    execFileSync('python3', ['-c', SOCKET, join(from, 'socket')]);
    execFileSync('chown', ['7:8', join(from, 'socket')]);
    expect(copy('', 'as=upper', 'exact', 'sync')).toMatchObject({ status: 0, stderr: '' });
    expect(describeTree(join(to, 'upper'))).toEqual(describeTree(from));
    expect(lstatSync(join(to, 'upper/socket')).isSocket()).toBe(true);
    const [was, is] = [statSync(join(from, 'sparse')), statSync(join(to, 'upper/sparse'))];
    expect([is.size, is.blocks]).toEqual([was.size, was.blocks]);
  });

  it('has the name that it is given, and sockets are left out', () => {
    mkdirSync(join(from, 'd'));
    execFileSync('python3', ['-c', SOCKET, join(from, 'd/socket')]);
    writeFileSync(join(from, 'd/file'), 'x');
    expect(copy('d', 'as=e').stdout).toBe('copied 2 1\nsockets 1\n');
    expect([readdirSync(to), readdirSync(join(to, 'e'))]).toEqual([['e'], ['file']]);
  });

  it('belongs to those who are the same in another container', () => {
    writeFileSync(join(from, 'a'), '');
    execFileSync('chown', ['100005:200007', join(from, 'a')]);
    const capability = '0x0100000300200000000000000000000000000000a0860100';
    execFileSync('setfattr', ['-n', 'security.capability', '-v', capability, join(from, 'a')]);
    const maps = ['from=u:0:100000:65536', 'from=g:0:200000:65536'];
    expect(copy('a', ...maps).status).toBe(0);
    expect(lstatSync(join(to, 'a'))).toMatchObject({ uid: 5, gid: 7 });
    const attributes = ['-h', '--only-values', '-n', 'security.capability', join(to, 'a')];
    expect(execFileSync('getfattr', attributes).length).toBe(20);
    expect(copy('a', 'as=b', ...maps, 'to=u:0:300000:10', 'to=g:0:400000:10').status).toBe(0);
    expect(lstatSync(join(to, 'b'))).toMatchObject({ uid: 300_005, gid: 400_007 });
    expect(copy('a', 'as=b', ...maps, 'to=u:0:300000:5', 'to=g:0:400000:10').stderr).toContain(
      'Value too large',
    );
    expect(copy('a', 'as=c', 'owner=1:2', 'to=u:0:300000:5', 'to=g:0:400000:10').status).toBe(1);
    expect(copy('a', 'as=c', 'owner=1:2').status).toBe(0);
    expect(lstatSync(join(to, 'c'))).toMatchObject({ uid: 1, gid: 2 });
  });

  it('is told of an attribute that is not kept, and is refused one that gives rights', () => {
    // Symlinks have no attributes of users.
    writeFileSync(join(from, 'a'), 'x');
    execFileSync('setfattr', ['-n', 'user.a', '-v', 'b', join(from, 'a')]);
    const script =
      'mount -t proc proc "$3" 2>/dev/null; mount -t ramfs ramfs "$3" && "$1" copy dir:/ "$2" dir:/ "$3"';
    const said = execFileSync('unshare', ['--mount', 'sh', '-c', script, 'sh', HELPER, join(from, 'a'), to], {
      encoding: 'utf8',
    });
    expect(said).toBe('copied 1 1\nleft-out user.a\n');
  });
});

describe('what is there already', () => {
  it('is merged when both are directories, and replaced in one step when both are not', () => {
    mkdirSync(join(from, 'd'));
    writeFileSync(join(from, 'd/file'), 'new');
    symlinkSync('new', join(from, 'd/link'));
    mkdirSync(join(to, 'd'));
    writeFileSync(join(root, 'other'), 'old');
    symlinkSync('../../other', join(to, 'd/file'));
    linkSync(join(root, 'other'), join(to, 'd/link'));
    writeFileSync(join(to, 'd/kept'), 'kept');
    expect(copy('d')).toMatchObject({ status: 0, stderr: '' });
    expect(readdirSync(join(to, 'd')).sort()).toEqual(['file', 'kept', 'link']);
    expect([readFileSync(join(to, 'd/file'), 'utf8'), readlinkSync(join(to, 'd/link'))]).toEqual([
      'new',
      'new',
    ]);
    expect(readFileSync(join(root, 'other'), 'utf8')).toBe('old');
  });

  it.each([
    ['a directory by a file', 'Is a directory', (there: string) => mkdirSync(there)],
    ['a file by a directory', 'Not a directory', (there: string) => writeFileSync(there, '')],
    ['a link by a directory', 'Not a directory', (there: string) => symlinkSync('..', there)],
  ])('is not replaced, %s', (_, words, make) => {
    const name = words === 'Is a directory' ? 'file' : 'directory';
    writeFileSync(join(from, 'file'), '');
    mkdirSync(join(from, 'directory'));
    make(join(to, name));
    expect(copy(name)).toMatchObject({ status: 1, stderr: `skiff-helper: copy-entry: ${name}: ${words}\n` });
  });

  it('is written in place when it is mounted in the container, and stays mounted', async () => {
    writeFileSync(join(from, 'hosts'), 'new');
    for (const [file, text] of [
      ['hosts', 'below'],
      ['bound', 'old and longer'],
    ] as const)
      writeFileSync(join(to, file), text);
    const script = 'mount --bind "$0/bound" "$0/hosts" && echo ready && exec sleep 1000';
    const container = spawn('unshare', ['--mount', 'sh', '-c', script, to], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(container.stdout, 'data');
      const { pid = 0, startTime = 0 } = processIdentity(container.pid ?? 0) ?? {};
      const words = ['copy', 'dir:/', join(from, 'hosts'), `pid:${pid}:${startTime}`, to];
      expect(spawnSync(HELPER, words, { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
      expect(readFileSync(`/proc/${pid}/mountinfo`, 'utf8')).toContain(join(to, 'hosts'));
    } finally {
      container.kill();
    }
    expect(readFileSync(join(to, 'bound'), 'utf8')).toBe('new');
    expect(readFileSync(join(to, 'hosts'), 'utf8')).toBe('below');
  });
});

describe('copy', () => {
  it('does not copy a directory into itself without end', () => {
    mkdirSync(join(from, 'd'));
    writeFileSync(join(from, 'd/file'), '');
    const words = ['copy', 'dir:/', from, 'dir:/', join(from, 'd')];
    const { status, stderr } = spawnSync(HELPER, words, { encoding: 'utf8' });
    expect([status, stderr]).toEqual([1, expect.stringContaining('copy-entry: from/d/from: ')]);
  });

  it('leaves nothing half done when it is told to end', async () => {
    execFileSync('sh', ['-c', `head -c 300M /dev/zero >${join(from, 'large')}`]);
    const child = spawn(HELPER, ['copy', 'dir:/', join(from, 'large'), 'dir:/', to, 'progress']);
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([1, null]);
    expect(readdirSync(to)).toEqual([]);
  });

  it('reads nothing outside of a tree whose directories are exchanged for links without end', async () => {
    mkdirSync(join(from, 'tree/a/b/c'), { recursive: true });
    mkdirSync(join(root, 'outside/b/c'), { recursive: true });
    writeFileSync(join(root, 'outside/b/c/secret'), 'secret');
    symlinkSync(join(root, 'outside'), join(from, 'tree/link'));
    await whileSwapped([join(from, 'tree/a'), join(from, 'tree/link')], (round) => {
      copy('tree', `as=t${round}`);
    });
    expect(execFileSync('find', [to, '-name', 'secret'], { encoding: 'utf8' })).toBe('');
  });

  it('writes nothing outside of a tree whose directories are exchanged for links without end', async () => {
    mkdirSync(join(from, 'a/b/c'), { recursive: true });
    for (let i = 0; i < 20; i++) writeFileSync(join(from, 'a/b/c', `file${i}`), 'x');
    symlinkSync('x', join(from, 'a/b/link'));
    for (const directory of ['to/a/b/c', 'outside/b/c'])
      mkdirSync(join(root, directory), { recursive: true });
    symlinkSync(join(root, 'outside'), join(to, 'link'));
    const before = describeTree(join(root, 'outside'));
    await whileSwapped([join(to, 'a'), join(to, 'link')], () => void copy('a'));
    expect(describeTree(join(root, 'outside'))).toEqual(before);
  });

  it('stays in the directory in which it writes when that is moved away, far below', async () => {
    const deep = 'd/'.repeat(80);
    mkdirSync(join(from, 'a', deep), { recursive: true });
    mkdirSync(join(root, 'outside', 'd/'.repeat(40)), { recursive: true });
    mkdirSync(join(to, 'a', 'd/'.repeat(35)), { recursive: true });
    mkdirSync(join(root, 'outside/x'));
    await whileSwapped([join(to, 'a', 'd/'.repeat(35)), join(root, 'outside/x')], () => void copy('a'));
    const names = execFileSync('find', [join(root, 'outside'), '-maxdepth', '1'], { encoding: 'utf8' });
    expect(names.trim().split('\n').length).toBe(3);
  });
});

describe('an archive that is placed', () => {
  async function place(script: string): Promise<void> {
    const program = `import tarfile, io, sys\nt = tarfile.open(sys.argv[1], 'w')
def add(name, type=tarfile.REGTYPE, text='', link='', mode=0o644, mtime=0):
    e = tarfile.TarInfo(name); e.type = type; e.size = len(text); e.linkname = link; e.mode = mode; e.mtime = mtime
    t.addfile(e, io.BytesIO(text.encode()))\n${script}\nt.close()`;
    const file = join(root, 'archive.tar');
    execFileSync('python3', ['-c', program, file]);
    await placeArchive(HELPER, { root: `dir:${root}`, path: '/to' }, Readable.from([readFileSync(file)]));
  }

  it('has no whiteouts: what is called so is a file', async () => {
    writeFileSync(join(to, 'kept'), '');
    await place(`add('.wh.kept'); add('.wh..wh..opq')`);
    expect(readdirSync(to).sort()).toEqual(['.wh..wh..opq', '.wh.kept', 'kept']);
  });

  it.each(['gzip', 'xz', 'bzip2'])('may be compressed with %s', async (program) => {
    writeFileSync(join(from, 'file'), 'content');
    const archive = execFileSync('sh', ['-c', `tar -C ${from} -c file | ${program}`]);
    await placeArchive(HELPER, { root: `dir:${root}`, path: '/to' }, Readable.from([archive]));
    expect(readFileSync(join(to, 'file'), 'utf8')).toBe('content');
  });

  it('makes nothing outside of its directory', async () => {
    mkdirSync(join(root, 'outside'));
    symlinkSync(join(root, 'outside'), join(to, 'absolute'));
    symlinkSync('../outside', join(to, 'relative'));
    await place(`add('../outside/x'); add('/outside/y')`);
    expect(readdirSync(join(to, 'outside')).sort()).toEqual(['x', 'y']);
    for (const name of ['absolute', 'relative']) await expect(place(`add('${name}/z')`)).rejects.toThrow();
    await expect(place(`add('l', tarfile.SYMTYPE, link='../outside'); add('l/z')`)).rejects.toThrow();
    await expect(place(`add('h', tarfile.LNKTYPE, link='absolute/x')`)).rejects.toThrow('hard link');
    expect(readdirSync(join(root, 'outside'))).toEqual([]);
  });

  it('goes through links that stay there, as /lib may be one', async () => {
    mkdirSync(join(to, 'usr/lib'), { recursive: true });
    symlinkSync('usr/lib', join(to, 'lib'));
    await place(`add('lib/x', text='1'); add('lib/d/y')`);
    expect(readdirSync(join(to, 'usr/lib'))).toEqual(['d', 'x']);
    expect(lstatSync(join(to, 'lib')).isSymbolicLink()).toBe(true);
  });

  it('gives directories their times in any order, and leaves those alone that it does not name', async () => {
    mkdirSync(join(to, 'there'));
    execFileSync('touch', ['-d', '@5', join(to, 'there')]);
    await place(
      `add('d', tarfile.DIRTYPE, mode=0o755, mtime=1000); add('d/x'); add('e/f/g'); add('d/y'); add('there/z')`,
    );
    expect(statSync(join(to, 'd')).mtimeMs).toBe(1_000_000);
    expect(statSync(join(to, 'there')).mtimeMs).toBeGreaterThan(5000);
    expect(readdirSync(join(to, 'd'))).toEqual(['x', 'y']);
    expect(lstatSync(join(to, 'e/f')).mode & 0o777).toBe(0o755);
  });

  it('ends where the archive is cut off, with an error', async () => {
    await place(`add('one', text='x' * 5000)`);
    const whole = readFileSync(join(root, 'archive.tar'));
    const cut = placeArchive(
      HELPER,
      { root: `dir:${root}`, path: '/to' },
      Readable.from([whole.subarray(0, 2000)]),
    );
    await expect(cut).rejects.toMatchObject({ kind: 'invalid' });
    expect(existsSync(join(to, 'one'))).toBe(true);
  });
});

describe('exchange', () => {
  it('gives two names to each other, and does nothing when one is missing', () => {
    writeFileSync(join(from, 'a'), 'a');
    writeFileSync(join(to, 'b'), 'b');
    execFileSync(HELPER, ['exchange', from, to]);
    expect([readdirSync(from), readdirSync(to)]).toEqual([['b'], ['a']]);
    const { status, output } = spawnSync(HELPER, ['exchange', from, join(root, 'none')], {
      encoding: 'latin1',
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    expect(status).toBe(1);
    expect(output[3]?.split('\0').slice(0, 3)).toEqual(['exchange', '2', from]);
    expect(readdirSync(from)).toEqual(['b']);
  });
});

/** However busy the machine is. */
const ROUNDS = tries(20);
const MS = LONG ? 10_000 : tries(1500);

/** Calls `body` often, and for a while, as two names are exchanged as often as that can be done. */
async function whileSwapped([one, other]: [string, string], body: (round: number) => void): Promise<void> {
  const attacker = spawn(builtProgram('swap'), [one, other], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(attacker.stdout, 'data');
    const end = Date.now() + MS;
    for (let round = 0; round < ROUNDS || Date.now() < end; round++) body(round);
    expect(attacker.exitCode).toBe(null);
  } finally {
    attacker.kill();
    await once(attacker, 'exit');
  }
}
