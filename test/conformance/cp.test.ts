import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useStore } from '../helpers/skiff.ts';

const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const busybox = useBusybox(store);
let root: string;

/** What every case finds: in a directory of its own, on the host and in the container. */
const TREE = `
mkdir -p d/sub dir other/file clash/f; echo 1 >f; echo 2 >d/g; echo 0 >file; mkdir -p full/d; echo 9 >full/file
ln -s d ld; ln -s f lf; ln -s nowhere ln; ln -s dir ldir; ln -s gone/x lgone; ln -s fresh lfresh; echo c >clash/d; ln -s d full/ld
chown 1234:4321 f d/g; chmod 750 f`;

/**
 * A copy in the case's directory, where \`C:\` stands for its directory in the container; what is looked at then, where it
 * went; and what Docker (20.10) has there, or the words with which it refuses.
 */
type Case = [args: string, look: string, says: string] | [args: string, refusal: RegExp];

const INTO_A_CONTAINER: Case[] = [
  // A file.
  ['f C:new', 'cat new; stat -c %u:%g:%a new', '1\n1234:4321:750'],
  ['-a f C:new', 'stat -c %u:%g:%a new', '1234:4321:750'],
  ['f C:dir', 'ls dir', 'f'],
  ['f C:dir/', 'ls dir', 'f'],
  ['f C:file', 'cat file', '1'],
  ['f C:none/', /no such directory/],
  ['f C:none/x', /none/],
  ['f C:file/', /no such directory/],
  ['f/ C:new', /not a directory/],
  ['f/. C:new', /not a directory/],
  ['nofile C:new', /no such file or directory/],
  // Links at the destination.
  ['f C:ldir', 'ls dir; readlink ldir', 'f\ndir'],
  ['f C:lfresh', 'cat fresh; readlink lfresh', '1\nfresh'],
  ['f C:lgone', /gone/],
  ['d C:ldir', 'find dir | sort', 'dir\ndir/d\ndir/d/g\ndir/d/sub'],
  // A directory.
  ['d C:new', 'find new | sort', 'new\nnew/g\nnew/sub'],
  ['d/ C:new/', 'find new | sort', 'new\nnew/g\nnew/sub'],
  ['d C:dir', 'find dir | sort', 'dir\ndir/d\ndir/d/g\ndir/d/sub'],
  ['d/ C:dir', 'find dir | sort', 'dir\ndir/d\ndir/d/g\ndir/d/sub'],
  ['d/. C:new', 'find new | sort', 'new\nnew/g\nnew/sub'],
  ['d/. C:dir', 'find dir | sort', 'dir\ndir/g\ndir/sub'],
  ['d C:full', 'find full | sort', 'full\nfull/d\nfull/d/g\nfull/d/sub\nfull/file\nfull/ld'],
  ['d C:file', /cannot copy directory/],
  ['d/. C:file', /cannot copy directory/],
  ['d C:none/x', /none/],
  ['other/. C:full', /cannot overwrite non-directory .*with directory/],
  ['clash/. C:full', /cannot overwrite directory .*with non-directory/],
  // Links at the source.
  ['ld C:new', 'readlink new', 'd'],
  ['-L ld C:new', 'find new | sort', 'new\nnew/g\nnew/sub'],
  ['-L ld C:dir', 'ls dir', 'ld'],
  ['-L ld C:full', /cannot overwrite non-directory .*with directory/],
  ['ld/ C:new', 'find new | sort', 'new\nnew/g\nnew/sub'],
  ['ld/ C:dir', 'ls -F dir', 'ld/'],
  ['ld/. C:dir', 'ls -F dir', 'g\nsub/'],
  ['lf C:new', 'readlink new', 'f'],
  ['-L lf C:new', 'cat new', '1'],
  ['-L lf C:dir', 'ls dir; cat dir/lf', 'lf\n1'],
  ['lf/ C:new', /not a directory/],
  ['ln C:new', 'readlink new', 'nowhere'],
  ['-L ln C:new', /no such file or directory/],
];

const OUT_OF_A_CONTAINER: Case[] = [
  ['C:f new', 'cat new; stat -c %u:%g:%a new', '1\n0:0:750'],
  ['C:f dir', 'ls dir', 'f'],
  ['C:f file', 'cat file', '1'],
  ['C:f none/x', /directory ".*none" does not exist/],
  ['C:f none/', /no such directory/],
  ['C:f file/', /not a directory/],
  ['C:f/ new', /not a directory/],
  ['C:f/. new', /not a directory/],
  ['C:nofile new', /no such file or directory/],
  ['C:d/sub/../g new', 'cat new', '2'],
  ['C:f .', 'ls f', 'f'],
  ['C:f /dev/null', /must be a directory or a regular file/],
  ['C:f ldir', 'ls dir; readlink ldir', 'f\ndir'],
  ['C:f lfresh', 'cat fresh; readlink lfresh', '1\nfresh'],
  ['C:f lgone', /does not exist/],
  ['C:d new', 'find new | sort', 'new\nnew/g\nnew/sub'],
  ['C:d dir', 'find dir | sort', 'dir\ndir/d\ndir/d/g\ndir/d/sub'],
  ['C:d/. new', 'find new | sort', 'new\nnew/g\nnew/sub'],
  ['C:d/. dir', 'find dir | sort', 'dir\ndir/g\ndir/sub'],
  ['C:d file', /cannot copy directory/],
  ['C:d/. file', /cannot copy directory/],
  ['C:d none/x', /does not exist/],
  ['C:ld new', 'readlink new', 'd'],
  ['C:ld/ new', 'find new | sort', 'new\nnew/g\nnew/sub'],
  ['-L C:ld new', 'find new | sort', 'new\nnew/g\nnew/sub'],
  ['-L C:ld dir', 'ls -F dir', 'ld/'],
  ['C:ln new', 'readlink new', 'nowhere'],
  ['-L C:ln new', /no such file or directory/],
  ['C:lf new', 'readlink new', 'f'],
  ['-L C:lf new', 'cat new', '1'],
];

/** The names in the archive, which is written to standard output. */
const AS_AN_ARCHIVE: [args: string, names: string][] = [
  ['C:f -', 'f'],
  ['C:d -', 'd/\nd/g\nd/sub/'],
  ['C:d/. -', './\ng\nsub/'],
  ['C:ld -', 'ld'],
  ['C:ld/ -', 'ld/\nld/g\nld/sub/'],
  ['-L C:ld -', 'ld/\nld/g\nld/sub/'],
];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'skiff-cp-'));
  await store.ok(['run', '-d', '--name', 'box', busybox, 'sleep', '1000']);
});

afterAll(async () => {
  await store.ok(['rm', '-f', 'box']);
  rmSync(root, { recursive: true, force: true });
});

let cases = 0;

/** Makes the tree on both sides; says where. */
async function begin(): Promise<{ host: string; inside: string }> {
  const name = `case${cases++}`;
  const host = join(root, name);
  mkdirSync(host);
  execFileSync('sh', ['-ec', TREE], { cwd: host });
  await store.ok(['exec', 'box', 'sh', '-ec', `mkdir /${name}; cd /${name}; ${TREE}`]);
  return { host, inside: `/${name}` };
}

const words = (args: string, inside: string) =>
  args.split(' ').map((word) => word.replace('C:', `box:${inside}/`));

describe('cp into a container, as Docker does it', () => {
  it.each(INTO_A_CONTAINER)('%s', async (args, look, says?: string) => {
    const { host, inside } = await begin();
    const { code, stderr } = await store.skiff(['cp', ...words(args, inside)], { cwd: host });
    if (typeof look !== 'string') {
      expect(stderr).toMatch(look);
      return expect(code).not.toBe(0);
    }
    expect([code, stderr]).toEqual([0, '']);
    expect(await store.ok(['exec', '-w', inside, 'box', 'sh', '-c', look])).toBe(says);
  });
});

describe('cp out of a container, as Docker does it', () => {
  it.each(OUT_OF_A_CONTAINER)('%s', async (args, look, says?: string) => {
    const { host, inside } = await begin();
    const { code, stderr } = await store.skiff(['cp', ...words(args, inside)], { cwd: host });
    if (typeof look !== 'string') {
      expect(stderr).toMatch(look);
      return expect(code).not.toBe(0);
    }
    expect([code, stderr]).toEqual([0, '']);
    expect(execFileSync('sh', ['-c', look], { cwd: host, encoding: 'utf8' }).trim()).toBe(says);
  });
});

describe('a socket', () => {
  it('is left out and told, as Docker does', async () => {
    const { host, inside } = await begin();
    const make = 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])';
    execFileSync('python3', ['-c', make, 'd/s'], { cwd: host });
    const copied = await store.skiff(['cp', ...words('d C:new', inside)], { cwd: host });
    expect(copied).toMatchObject({ code: 0, stderr: 'note: a socket was left out\n' });
    expect(await store.ok(['exec', '-w', inside, 'box', 'ls', 'new'])).toBe('g\nsub');
    const alone = await store.skiff(['cp', ...words('d/s C:alone', inside)], { cwd: host });
    expect(alone).toMatchObject({ code: 0, stderr: 'note: a socket was left out\n' });
  });
});

describe('cp to standard output', () => {
  it.each(AS_AN_ARCHIVE)('%s', async (args, names) => {
    const { host, inside } = await begin();
    const archive = join(host, 'archive.tar');
    const line = ['"$0"', '"$@"', '>archive.tar'].join(' ');
    const { code } = await store.skiff(['cp', ...words(args, inside)], {
      cwd: host,
      through: ['sh', '-c', line],
    });
    expect(code).toBe(0);
    expect(execFileSync('tar', ['tf', archive], { encoding: 'utf8' }).trim()).toBe(names);
  });
});

describe('cp says what is wrong with its words', () => {
  it.each<[args: string, refusal: RegExp, code: number]>([
    ['f dir', /must specify at least one container source/, 1],
    ['- -', /must specify at least one container source/, 1],
    ['f none:/x', /no such container: none/, 1],
    ['none:/x .', /no such container: none/, 1],
    ['f box:', /no path is given after "box:"/, 125],
    ['- C:file', /destination ".*" must be a directory/, 125],
    ['- C:none', /destination ".*" must be a directory/, 1],
    ['f C:/../../../dev/null', /must be a directory or a regular file/, 125],
  ])('%s', async (args, refusal, code) => {
    const { host, inside } = await begin();
    const refused = await store.skiff(['cp', ...words(args, inside)], { cwd: host });
    expect(refused.stderr).toMatch(refusal);
    expect(refused.code).toBe(code);
  });
});
