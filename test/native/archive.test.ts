import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { lchownSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { placeArchive } from '../../src/storage/archive/place.ts';
import { makeOddTree } from '../helpers/odd-tree.ts';
import { HELPER } from '../helpers/plan.ts';
import { tar } from '../helpers/tar.ts';
import { describeTree } from '../helpers/tree.ts';

let root: string;
let from: string;
let to: string;

beforeEach(() => {
  // A tmpfs: it holds large attributes.
  root = mkdtempSync('/dev/shm/skiff-archive-');
  [from, to] = [join(root, 'from'), join(root, 'to')];
  for (const directory of [from, to]) mkdirSync(directory);
});

afterEach(() => {
  execFileSync(HELPER, ['remove', root]);
});

const names = (archive: Buffer) => execFileSync('tar', ['t'], { input: archive, encoding: 'utf8' });

function archive(path: string, ...words: string[]): Buffer {
  return execFileSync(HELPER, ['archive', `dir:${root}`, path, ...words], { maxBuffer: 1 << 28 });
}

describe('an archive of a tree', () => {
  it('is read back by GNU tar entry by entry', () => {
    makeOddTree(from);
    const extract = [
      'x',
      '-p',
      '--warning=no-timestamp',
      '--numeric-owner',
      '--xattrs',
      '--xattrs-include=*',
      '-C',
      to,
    ];
    const said = spawnSync('tar', extract, { input: archive('/from', 'as=.'), encoding: 'utf8' });
    expect([said.status, said.stderr]).toEqual([0, '']);
    expect(describeTree(to)).toEqual(describeTree(from));
  });

  it("is read back by skiff's own parser entry by entry", async () => {
    makeOddTree(from);
    const source = spawn(HELPER, ['archive', `dir:${root}`, '/from', 'as=.'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await placeArchive(HELPER, { root: `dir:${root}`, path: '/to', top: true }, source.stdout);
    expect(describeTree(to)).toEqual(describeTree(from));
  });

  it('has names as long as a layer may have them, and as a layer no longer ones', () => {
    const nest = (last: string) =>
      execFileSync(
        'python3',
        [
          '-c',
          `import os, sys
for _ in range(15):
    os.makedirs('d' * 255, exist_ok=True)
    os.chdir('d' * 255)
os.makedirs(os.path.dirname(sys.argv[1]) or '.', exist_ok=True)
open(sys.argv[1], 'w')`,
          last,
        ],
        { cwd: from },
      );
    nest('f'.repeat(255));
    expect(names(archive('/from', 'as=.', 'layer'))).toContain('f'.repeat(255));
    nest(`e/${'f'.repeat(254)}`);
    expect(() => archive('/from', 'as=.', 'layer')).toThrow(/File ?name too long/);
    expect(names(archive('/from', 'as=.'))).toContain(`e/${'f'.repeat(254)}`);
  });

  it('says what the directory itself becomes to who wants that, wherever and however often', async () => {
    mkdirSync(join(from, 'd'));
    for (const name of ['a', 'd/b']) writeFileSync(join(from, name), name);
    execFileSync('setfattr', ['-n', 'trusted.top', '-v', 'kept', from]);
    // user::rwx, group::r-x, other::---, which what is made in it would inherit.
    const acl = '0x0200000001000700ffffffff04000500ffffffff20000000ffffffff';
    execFileSync('setfattr', ['-n', 'system.posix_acl_default', '-v', acl, from]);
    lchownSync(from, 7, 8);
    execFileSync('chmod', ['1750', from]);
    execFileSync('touch', ['-d', '@5.25', from]);
    const words = ['--no-recursion', '--format=pax', '--xattrs', '--xattrs-include=*', '-cC', from];
    const archived = execFileSync('tar', [...words, 'a', '.', 'd', '.', 'd/b']);
    await placeArchive(HELPER, { root: `dir:${root}`, path: '/to' }, Readable.from([archived]));
    expect(describeTree(to)[0]).toMatch(/^\. directory 0755 0:0 /);
    await placeArchive(HELPER, { root: `dir:${root}`, path: '/to', top: true }, Readable.from([archived]));
    expect(describeTree(to)).toEqual(describeTree(from));
  });

  it('may give a symlink a mode, which it cannot have', async () => {
    const archived = tar({ name: 'link', type: '2', target: 'there', mode: 0o644 });
    await placeArchive(HELPER, { root: `dir:${root}`, path: '/to' }, Readable.from([archived]));
    expect(describeTree(to, { times: false })[1]).toMatch(/^link symlink 0777 /);
  });

  it('is the same bytes for the same tree', () => {
    makeOddTree(from);
    expect(archive('/from').equals(archive('/from'))).toBe(true);
  });

  it('has the owners inside of id maps', () => {
    writeFileSync(join(from, 'a'), '');
    lchownSync(join(from, 'a'), 100_005, 5);
    const maps = ['from=u:0:100000:65536', 'from=g:0:200000:65536'];
    const listed = execFileSync('tar', ['tv', '--numeric-owner'], {
      input: archive('/from/a', ...maps),
      encoding: 'utf8',
    });
    // Whoever is nobody inside is the kernel's nobody.
    expect(listed).toContain(' 5/65534 ');
  });

  it('calls what is archived as it is told', () => {
    mkdirSync(join(from, 'd'));
    writeFileSync(join(from, 'd/f'), '');
    expect(names(archive('/from/d'))).toBe('d/\nd/f\n');
    expect(names(archive('/from/d', 'as=e'))).toBe('e/\ne/f\n');
    expect(names(archive('/from/d', 'as=.'))).toBe('./\nf\n');
    expect(names(archive('/from/d', 'as=./'))).toBe('./\n./f\n');
    expect(names(archive('/from/d', 'as=/'))).toBe('/\n/f\n');
  });

  it('says what is not there', () => {
    const { status, stderr } = spawnSync(HELPER, ['archive', `dir:${root}`, '/none'], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([1, 'skiff-helper: archive: /none: No such file or directory\n']);
  });
});
