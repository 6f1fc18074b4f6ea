import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  type BigIntStats,
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
} from 'node:fs';

export interface TreeOptions {
  /** Leaves times out, for what an archive says nothing of. */
  times?: boolean;
}

/**
 * A directory tree as lines, one for each path in byte order, for comparing two of them: type, mode, owner, size,
 * time to the nanosecond, group of hard links, extended attributes, content or target. Paths are relative and printed
 * as latin1, so that any bytes compare; the root is ".". Of large files only that is read which is no hole.
 */
export function describeTree(root: string, { times = true }: TreeOptions = {}): string[] {
  const attributes = attributesBelow(root);
  const paths = [...walk(root, Buffer.from('.'))];
  const groups = linkGroups(paths);
  const contents = new Map<bigint, string>();
  return paths.map(({ name, path, stat }) => {
    const time = times ? [`mtime=${stat.mtimeNs}`] : [];
    const group = groups.get(stat.ino) ?? [];
    // An overlay counts names that it hides: only those that can be seen make a group.
    const link = group.length > 1 ? [`link=${group[0]}`] : [];
    return [
      name,
      ...describeInode(path, stat, contents),
      ...time,
      ...link,
      ...(attributes.get(name) ?? []),
    ].join(' ');
  });
}

interface Visited {
  name: string;
  path: Buffer;
  stat: BigIntStats;
}

function* walk(root: string, relative: Buffer): Generator<Visited> {
  const path = Buffer.concat([Buffer.from(`${root}/`), relative]);
  const stat = lstatSync(path, { bigint: true });
  const name = relative.toString('latin1');
  yield { name, path, stat };
  if (!stat.isDirectory()) return;
  for (const child of readdirSync(path, { encoding: 'buffer' }).sort(Buffer.compare)) {
    yield* walk(root, name === '.' ? child : Buffer.concat([relative, Buffer.from('/'), child]));
  }
}

/** The names of each inode that is no directory, in byte order. */
function linkGroups(paths: readonly Visited[]): Map<bigint, string[]> {
  const groups = new Map<bigint, string[]>();
  for (const { name, stat } of paths) {
    if (stat.isDirectory() || stat.nlink === 1n) continue;
    const group = groups.get(stat.ino);
    if (group === undefined) groups.set(stat.ino, [name]);
    else group.push(name);
  }
  return groups;
}

/** `contents` has what was read already of files with several names. */
function describeInode(path: Buffer, stat: BigIntStats, contents: Map<bigint, string>): string[] {
  const mode = (stat.mode & 0o7777n).toString(8).padStart(4, '0');
  const common = [mode, `${stat.uid}:${stat.gid}`];
  if (stat.isDirectory()) return ['directory', ...common];
  if (stat.isSymbolicLink()) {
    return ['symlink', ...common, `-> ${readlinkSync(path, { encoding: 'latin1' as BufferEncoding })}`];
  }
  if (stat.isFile()) {
    const digest = contents.get(stat.ino) ?? digestOf(path, stat);
    if (stat.nlink > 1n) contents.set(stat.ino, digest);
    return ['file', ...common, `${stat.size}`, digest];
  }
  if (stat.isFIFO()) return ['fifo', ...common];
  const device = `${(stat.rdev >> 8n) & 0xfffn}:${(stat.rdev & 0xffn) | ((stat.rdev >> 12n) & 0xfff00n)}`;
  return [stat.isCharacterDevice() ? 'char' : 'block', ...common, device];
}

function digestOf(path: Buffer, { size }: BigIntStats): string {
  const content = size < LARGE ? readFileSync(path) : piecesOf(path);
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

const LARGE = 1n << 28n;

const PIECES = `
import os, sys
at = 0
while True:
    try:
        at = os.lseek(0, at, os.SEEK_DATA)
    except OSError:
        break
    end = os.lseek(0, at, os.SEEK_HOLE)
    at -= at % 4096
    while at < end:
        block = os.pread(0, min(4096, end - at), at)
        if block.strip(bytes(1)):
            sys.stdout.buffer.write(b'%d:%s' % (at, block))
        at += 4096
`;

/** The blocks of a file in which there is anything but zeros, and where they are. */
function piecesOf(path: Buffer): Buffer {
  const file = openSync(path, 'r');
  try {
    return execFileSync('python3', ['-c', PIECES], { stdio: [file, 'pipe', 'inherit'], maxBuffer: 1 << 28 });
  } finally {
    closeSync(file);
  }
}

/** Returns every attribute below a directory, by path: one getfattr for the whole tree. */
function attributesBelow(root: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const args = [
    '--recursive',
    '--physical',
    '--no-dereference',
    '--dump',
    '--match=-',
    '--encoding=hex',
    '.',
  ];
  const dump = execFileSync('getfattr', args, { cwd: root, encoding: 'latin1', maxBuffer: 1 << 28 });
  for (const block of dump.split('\n\n')) {
    const [first = '', ...lines] = block.split('\n').filter((line) => line !== '');
    if (!first.startsWith('# file: ')) continue;
    const name = unescapeName(first.slice('# file: '.length));
    found.set(name, lines.sort());
  }
  return found;
}

/** getfattr writes bytes that could be mistaken as `\ooo`. */
function unescapeName(name: string): string {
  return name.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
