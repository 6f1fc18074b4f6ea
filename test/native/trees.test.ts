import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from '../../src/host/lock.ts';
import { changeAttributes, HAS_FILE_ATTRIBUTES } from '../helpers/file-attributes.ts';
import { HELPER } from '../helpers/layers.ts';
import { tries } from '../helpers/long.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-native-'));
});
afterEach(() => {
  execFileSync(HELPER, ['remove', root]);
});

describe('remove', () => {
  const remove = (path: string) => spawnSync(HELPER, ['remove', path], { encoding: 'utf8' });

  it('deletes a tree and follows no link out of it', () => {
    mkdirSync(join(root, 'outside/dir'), { recursive: true });
    writeFileSync(join(root, 'outside/dir/file'), 'kept');
    mkdirSync(join(root, 'tree/a/b'), { recursive: true, mode: 0o000 });
    symlinkSync(join(root, 'outside'), join(root, 'tree/a/link'));
    symlinkSync('loop', join(root, 'tree/loop'));
    execFileSync('mkfifo', [join(root, 'tree/fifo')]);
    expect(remove(join(root, 'tree')).status).toBe(0);
    expect(readdirSync(root)).toEqual(['outside']);
    expect(readFileSync(join(root, 'outside/dir/file'), 'utf8')).toBe('kept');
  });

  it('deletes a symlink, not what it leads to', () => {
    mkdirSync(join(root, 'kept'));
    symlinkSync('kept', join(root, 'link'));
    expect(remove(`${join(root, 'link')}/`).status).toBe(0);
    expect(readdirSync(root)).toEqual(['kept']);
  });

  it.runIf(HAS_FILE_ATTRIBUTES)(
    'deletes what has been made immutable or append-only, directories and the tree itself as well',
    () => {
      const [tree, kept] = [join(root, 'tree'), join(root, 'kept')];
      for (const directory of ['a/i', 'a/b', 'e']) mkdirSync(join(tree, directory), { recursive: true });
      for (const file of ['a/f', 'a/b/f', 'a/b/g', 'a/i/f']) writeFileSync(join(tree, file), '');
      writeFileSync(kept, '');
      symlinkSync(kept, join(tree, 'a/b/link'));
      changeAttributes('+a', ...['a/b/f', 'a/b'].map((name) => join(tree, name)));
      changeAttributes('+i', kept, ...['a/f', 'a/i/f', 'a/i', 'a', 'e', '.'].map((name) => join(tree, name)));
      expect(remove(tree)).toMatchObject({ status: 0, stderr: '' });
      expect(readdirSync(root)).toEqual(['kept']);
      expect(execFileSync('lsattr', [kept], { encoding: 'utf8' })).toMatch(/^-+i/);
      expect(remove(kept).status).toBe(0);
    },
  );

  it('does not mind a missing tree or parent', () => {
    expect(remove(join(root, 'none')).status).toBe(0);
    expect(remove(join(root, 'none/below')).status).toBe(0);
  });

  it('copes with any depth', () => {
    const script = 'my $d = $ARGV[0]; chdir $d; for (1..6000) { mkdir "d"; chdir "d"; } open(F, ">f");';
    execFileSync('perl', ['-e', script, root]);
    expect(remove(join(root, 'd')).status).toBe(0);
    expect(readdirSync(root)).toEqual([]);
  });

  it('refuses to empty what is mounted below, and says where', () => {
    const shell = `mkdir -p "$1/tree/m" && mount -t tmpfs t "$1/tree/m" && touch "$1/tree/m/x"
      "$0" remove "$1/tree"; echo "code $?"; ls "$1/tree/m"`;
    const output = spawnSync('unshare', ['--mount', 'sh', '-c', shell, HELPER, root], { encoding: 'utf8' });
    expect(output.stdout).toBe('code 1\nx\n');
    expect(output.stderr).toContain(join(root, 'tree'));
  });

  it.runIf(HAS_FILE_ATTRIBUTES)('reports an immutable file where it may not change that', () => {
    const [tree, fixed] = [join(root, 'tree'), join(root, 'tree/fixed')];
    mkdirSync(tree);
    writeFileSync(fixed, '');
    changeAttributes('+i', fixed);
    const words = ['--bounding-set', '-linux_immutable', HELPER, 'remove', tree];
    const { status, stderr } = spawnSync('setpriv', words, { encoding: 'utf8' });
    expect([status, stderr]).toEqual([1, `skiff-helper: remove: ${tree}: Operation not permitted\n`]);
    expect(remove(tree).status).toBe(0);
  });
});

describe('several removes of one tree', () => {
  it("get into nobody's way", async () => {
    for (let round = 0; round < tries(5); round += 1) {
      const tree = join(root, `tree-${round}`);
      for (let number = 0; number < 300; number += 1) {
        const directory = join(tree, `${number % 7}/${number % 13}/${number}/deep/er`);
        mkdirSync(directory, { recursive: true });
        writeFileSync(join(directory, 'file'), '');
      }
      const removes = [1, 2, 3, 4].map(() => spawn(HELPER, ['remove', tree], { stdio: 'ignore' }));
      const codes = await Promise.all(removes.map(async (child) => (await once(child, 'close'))[0]));
      expect(codes).toEqual([0, 0, 0, 0]);
      expect(existsSync(tree)).toBe(false);
    }
  });
});

describe('lock', () => {
  const lock = (file: string): ChildProcess =>
    spawn(HELPER, ['lock', file], { stdio: ['pipe', 'pipe', 'ignore'] });
  const word = async (holder: ChildProcess): Promise<string> => {
    const [chunk] = await once(holder.stdout ?? expect.fail(), 'data');
    return String(chunk);
  };

  it('is held by one at a time, and passed on when the holder lets go', async () => {
    const file = join(root, 'lock');
    const first = lock(file);
    expect(await word(first)).toBe('locked\n');
    const second = lock(file);
    const waiting = word(second);
    let passed = false;
    void waiting.then(() => {
      passed = true;
    });
    const third = lock(join(root, 'another'));
    expect(await word(third)).toBe('locked\n');
    expect(passed).toBe(false);
    first.stdin?.end();
    expect(await waiting).toBe('locked\n');
    second.stdin?.end();
    third.stdin?.end();
    await Promise.all([first, second, third].map((child) => child.exitCode ?? once(child, 'close')));
    expect(readdirSync(root)).toEqual([]);
  });

  it('goes with a holder that is killed', async () => {
    const file = join(root, 'lock');
    const first = lock(file);
    await word(first);
    first.kill('SIGKILL');
    const second = lock(file);
    expect(await word(second)).toBe('locked\n');
    second.stdin?.end();
    await once(second, 'close');
  });

  it('is not lost to what a terminal sends to everybody', async () => {
    const file = join(root, 'lock');
    const holder = lock(file);
    await word(holder);
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGHUP'] as const) holder.kill(signal);
    holder.stdin?.end();
    expect(await once(holder, 'close')).toEqual([0, null]);
    expect(existsSync(file)).toBe(false);
  });

  it('is no longer waited for when the owner is gone', async () => {
    const file = join(root, 'lock');
    const first = lock(file);
    await word(first);
    const second = lock(file);
    second.stdin?.end();
    await once(second, 'close');
    first.stdin?.end();
    await once(first, 'close');
  });

  it('lets many take turns without ever two inside', async () => {
    const file = join(root, 'locks/many');
    let inside = 0;
    const turns = Array.from({ length: 12 }, () =>
      withLock(HELPER, file, async () => {
        expect(++inside).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        inside--;
      }),
    );
    await Promise.all(turns);
    expect(existsSync(file)).toBe(false);
  });

  it('gives back what was returned or thrown, and can be cancelled while waiting', async () => {
    const file = join(root, 'lock');
    expect(await withLock(HELPER, file, async () => 42)).toBe(42);
    await expect(withLock(HELPER, file, () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    const stop = new AbortController();
    await withLock(HELPER, file, async () => {
      const waiting = withLock(HELPER, file, async () => expect.fail('got in'), { signal: stop.signal });
      stop.abort();
      await expect(waiting).rejects.toMatchObject({ kind: 'cancelled' });
    });
  });

  it('says when it cannot be taken', async () => {
    await expect(withLock(HELPER, root, async () => 0)).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(withLock(join(root, 'none'), join(root, 'l'), async () => 0)).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });
});
