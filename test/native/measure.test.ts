import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { builtProgram } from '../helpers/built-program.ts';
import { HELPER } from '../helpers/layers.ts';
import { tries } from '../helpers/long.ts';

let root: string;
let tree: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-native-'));
  tree = join(root, 'tree');
  mkdirSync(tree);
});
afterEach(() => {
  execFileSync(HELPER, ['remove', root]);
});

function measure(...directories: string[]): number[] {
  return execFileSync(HELPER, ['measure', ...directories], { encoding: 'utf8' })
    .trimEnd()
    .split('\n')
    .map(Number);
}

function file(path: string, bytes: number): void {
  writeFileSync(join(tree, path), Buffer.alloc(bytes));
}

/** The bytes that the file system has set aside for a path and all below it, as du(1) counts them. */
function allocated(path: string): number {
  const said = execFileSync('du', ['--summarize', '--block-size=1', path], { encoding: 'utf8' });
  return Number(said.split('\t')[0]);
}

const PROCESSES = tries(60);
const TIMES_EACH = 10;

/**
 * Measures the tree again and again while two names are exchanged as often as that can be done. A process measures it
 * several times, from the top each time, as starting one takes longer; and there are several, as one may never get into
 * step with the exchanges.
 */
async function expectNothingWhileSwapped(one: string, other: string): Promise<void> {
  const attacker = spawn(builtProgram('swap'), [one, other], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(attacker.stdout, 'data');
    for (let process = 0; process < PROCESSES; process++)
      expect(new Set(measure(...Array<string>(TIMES_EACH).fill(tree)))).toEqual(new Set([0]));
  } finally {
    attacker.kill();
  }
}

describe('measure', () => {
  it('adds up the regular files below a directory, each once however many names it has', () => {
    mkdirSync(join(tree, 'a/b'), { recursive: true });
    file('one', 1);
    file('a/ten', 10);
    file('a/b/hundred', 100);
    for (let name = 0; name < 200; name++) linkSync(join(tree, 'a/ten'), join(tree, `a/b/name${name}`));
    execFileSync('mkfifo', [join(tree, 'fifo')]);
    execFileSync('truncate', ['-s', '5G', join(tree, 'sparse')]);
    expect(measure(tree)).toEqual([5 * 2 ** 30 + 111]);
  });

  it('adds up, with disk, what a tree takes there', () => {
    const onDisk = (): number => measure('unshared', tree)[0] ?? 0;
    mkdirSync(join(tree, 'a'));
    file('one', 1 << 20);
    file('a/other', 1);
    const first = onDisk();
    expect(first).toBeGreaterThanOrEqual((1 << 20) + 1);
    expect(first).toBeLessThan((1 << 20) + (1 << 16));
    linkSync(join(tree, 'one'), join(tree, 'a/name'));
    expect(onDisk()).toBe(first);
    execFileSync('truncate', ['-s', '5G', join(tree, 'sparse')]);
    expect(onDisk()).toBeLessThan(first + (1 << 16));
  });

  it('says what would be free if trees went: a file with several names goes with the last of them', () => {
    const [first, second, outside] = ['first', 'second', 'outside'].map((name) => join(root, name)) as [
      string,
      string,
      string,
    ];
    for (const directory of [first, second, outside]) mkdirSync(directory);
    const empty = measure('freed', first, second);
    writeFileSync(join(first, 'common'), Buffer.alloc(1 << 20, 'x'));
    linkSync(join(first, 'common'), join(second, 'common'));
    linkSync(join(first, 'common'), join(second, 'again'));
    writeFileSync(join(first, 'kept'), Buffer.alloc(1 << 20, 'x'));
    linkSync(join(first, 'kept'), join(outside, 'kept'));
    const freed = (...paths: string[]) =>
      measure('freed', ...paths).map((bytes, index) => bytes - (empty[index] ?? 0));
    expect(freed(first, second)).toEqual([0, 1 << 20]);
    expect(freed(second, first)).toEqual([0, 1 << 20]);
    expect(freed(first)).toEqual([0]);
    expect(freed(first, second, outside)[2]).toBeGreaterThanOrEqual(1 << 20);
  });

  it('takes many directories, and 0 for one that is missing', () => {
    file('one', 7);
    expect(measure(tree, join(root, 'none'), tree)).toEqual([7, 0, 7]);
    rmSync(join(tree, 'one'));
    expect(measure(tree)).toEqual([0]);
  });

  it('follows no link and enters no mount', () => {
    mkdirSync(join(root, 'outside'));
    writeFileSync(join(root, 'outside/file'), 'x'.repeat(1000));
    symlinkSync(join(root, 'outside'), join(tree, 'link'));
    mkdirSync(join(tree, 'proc'));
    const script = 'mount -t tmpfs none "$2/proc" && echo 12345 >"$2/proc/x" && exec "$1" measure "$2"';
    const said = execFileSync('unshare', ['--mount', 'sh', '-c', script, 'sh', HELPER, tree], {
      encoding: 'utf8',
    });
    expect(said).toBe('0\n');
  });

  it('copes with any depth', () => {
    const script = 'chdir $ARGV[0]; for (1..6000) { mkdir "d"; chdir "d"; } open(F, ">f"); print F "deep";';
    execFileSync('perl', ['-e', script, tree]);
    for (let level = 0, path = tree; level < 60; level += 1, path = join(path, 'd'))
      writeFileSync(join(path, 'also'), 'x');
    expect(measure(tree)).toEqual([64]);
  });

  it.each([
    ['next to the top', ''],
    ['far below', 'd/'.repeat(40)],
  ])(
    'never counts what is outside, however often a directory is exchanged for a link to it (%s)',
    async (_, below) => {
      const place = join(tree, below);
      mkdirSync(join(place, 'a/b/c/d'), { recursive: true });
      mkdirSync(join(root, 'outside/b/c/d'), { recursive: true });
      writeFileSync(join(root, 'outside/b/c/d/secret'), 'x'.repeat(4000));
      symlinkSync(join(root, 'outside'), join(place, 'link'));
      await expectNothingWhileSwapped(join(place, 'a'), join(place, 'link'));
    },
  );

  it('does not climb out of a directory that is moved away while it is below it', async () => {
    const deep = 'd/'.repeat(40);
    mkdirSync(join(tree, 'a', deep), { recursive: true });
    mkdirSync(join(root, 'outside', deep), { recursive: true });
    writeFileSync(join(root, 'outside/secret'), 'x'.repeat(4000));
    mkdirSync(join(root, 'outside/x'));
    await expectNothingWhileSwapped(join(tree, 'a', 'd/'.repeat(35)), join(root, 'outside/x'));
  });

  it('says what is no directory', () => {
    file('one', 1);
    const { status, stderr } = spawnSync(HELPER, ['measure', join(tree, 'one')], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([1, `skiff-helper: measure: ${join(tree, 'one')}: Not a directory\n`]);
  });
});

describe('measure allocated', () => {
  const measureAllocated = (...args: string[]) => measure('allocated', ...args);

  it('adds up what the file system has set aside: holes not, directories, links and hard links once', () => {
    mkdirSync(join(tree, 'a/b'), { recursive: true });
    file('one', 1);
    file('a/more', 100_000);
    for (let name = 0; name < 200; name++) linkSync(join(tree, 'a/more'), join(tree, `a/b/name${name}`));
    execFileSync('truncate', ['-s', '5G', join(tree, 'sparse')]);
    symlinkSync('x'.repeat(1000), join(tree, 'long link'));
    execFileSync('mkfifo', [join(tree, 'fifo')]);
    expect(measureAllocated(tree)).toEqual([allocated(tree)]);
    expect(allocated(tree)).toBeGreaterThan(100_000);
    expect(allocated(tree)).toBeLessThan(1_000_000);
  });

  it('takes files, links as what they are, 0 for what is missing, and leaves out the entry that it is to skip', () => {
    mkdirSync(join(tree, 'kept/snapshots'), { recursive: true });
    mkdirSync(join(tree, 'snapshots'));
    file('kept/snapshots/file', 10_000);
    file('snapshots/file', 20_000);
    symlinkSync('x'.repeat(1000), join(tree, 'link'));
    const paths = ['snapshots/file', 'link', 'none', 'none/below', 'snapshots'].map((name) =>
      join(tree, name),
    );
    const [whole = 0, ...others] = measureAllocated(tree, ...paths);
    const snapshots = allocated(join(tree, 'snapshots'));
    expect(others).toEqual([
      allocated(join(tree, 'snapshots/file')),
      allocated(join(tree, 'link')),
      0,
      0,
      snapshots,
    ]);
    expect(measureAllocated('skip=snapshots', tree)).toEqual([whole - snapshots]);
  });

  it('counts nothing of what is mounted, neither on a path nor below it, of the same file system or another', () => {
    for (const name of ['bound', 'other', 'outside']) mkdirSync(join(tree, name));
    file('outside/file', 10_000);
    const script = `cd "$2" && mount -t tmpfs none other && echo 12345 >other/x && mount --bind outside bound &&
      exec "$1" measure allocated "$2/other" "$2/bound" "$2/outside" "$2"`;
    const said = execFileSync('unshare', ['--mount', 'sh', '-c', script, 'sh', HELPER, tree], {
      encoding: 'utf8',
    });
    const outside = allocated(join(tree, 'outside'));
    const empty = allocated(join(tree, 'bound'));
    expect(said.trimEnd().split('\n').map(Number)).toEqual([0, 0, outside, allocated(tree) - 2 * empty]);
  });
});
