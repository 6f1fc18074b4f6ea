import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOSTILE, HOSTILE_BASE } from '../helpers/hostile-tree.ts';
import { describeOverlay, HELPER } from '../helpers/layers.ts';
import { describeTree } from '../helpers/tree.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-native-'));
  for (const name of ['base', 'second', 'upper', 'work', 'merged', 'to']) mkdirSync(join(root, name));
});
afterEach(() => {
  execFileSync(HELPER, ['remove', root]);
});

const at = (name: string) => join(root, name);
const LAYERS = ['second', 'base'];

/** Runs a script of sh in a directory of the root. */
function shell(directory: string, script: string): void {
  execFileSync('sh', ['-ec', script], { cwd: at(directory), stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Runs a script of sh in the root of a container on the layers, as far as an overlay makes one. */
function change(script: string): void {
  const lowers = LAYERS.map(at).join(':');
  const mount = `mount -t overlay overlay -o lowerdir=${lowers},upperdir=${at('upper')},workdir=${at('work')} merged`;
  execFileSync('unshare', ['--mount', 'sh', '-ec', `${mount}; cd merged; ${script}`], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** What the verb prints, as words. */
function finish(words: string[] = [], layers = LAYERS): string[] {
  const args = ['finish', at('upper'), ...words, ...layers.map(at)];
  return execFileSync(HELPER, args, { encoding: 'utf8' }).trim().split(' ');
}

function failure(...args: string[]): string[] {
  const { status, output } = spawnSync(HELPER, args, {
    encoding: 'latin1',
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  expect(status).toBe(1);
  return (output[3] ?? '').split('\0').slice(0, 3);
}

const archived = (directory: string): Buffer =>
  execFileSync(HELPER, ['archive', `dir:${at(directory)}`, '/', 'layer', 'as=.'], { maxBuffer: 1 << 30 });
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('finish', () => {
  it('makes the layer that a copy of the changes is, and the digest of its archive', () => {
    shell('base', HOSTILE_BASE);
    change(
      `${HOSTILE}; mkdir own/in; rmdir own/in; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("s")'`,
    );
    execFileSync(HELPER, ['changes', at('upper'), `to=${at('to')}`, ...LAYERS.map(at)]);
    const seen = describeOverlay(['to', ...LAYERS].map(at), root, {});
    const [entries, , digest, size] = finish(['sync']);
    // A whiteout is nothing but one: overlay makes one, and links the others to it.
    const whole = (name: string) =>
      describeTree(at(name)).map((line) => line.replace(/ char 0000 0:0 0:0 .*/, ' whiteout'));
    expect(whole('upper')).toEqual(whole('to'));
    expect(describeOverlay(['upper', ...LAYERS].map(at), root, {})).toEqual(seen);
    const archive = archived('upper');
    expect([digest, size]).toEqual([sha256(archive), String(archive.length)]);
    expect(sha256(archived('to'))).toBe(digest);
    expect(Number(entries)).toBe(readdirSync(at('upper'), { recursive: true }).length);
    expect(finish()[2]).toBe(digest);
  });

  it('leaves nothing of what is no change, and says so', () => {
    shell('base', 'mkdir -p d/e etc; echo 1 > d/e/f; mkdir later');
    change(`chmod 700 d; chmod 755 d; mkdir -p proc/in; rmdir proc/in; touch etc/hosts; chmod 711 d/e; chmod 755 d/e
      echo 1 > later/x; rm later/x; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("later/s")'`);
    expect(finish(['own=etc/hosts', 'own=proc'])).toEqual(['0', '0']);
    expect(readdirSync(at('upper'))).toEqual([]);
  });

  it('keeps what was put where the engine makes something', () => {
    change('mkdir etc proc; echo mine > etc/hosts; touch etc/resolv.conf proc/in');
    const [entries, bytes] = finish(['own=etc/hosts', 'own=etc/resolv.conf', 'own=proc']);
    expect([entries, bytes]).toEqual(['4', '5']);
    expect(readdirSync(at('upper'), { recursive: true }).sort()).toEqual([
      'etc',
      'etc/hosts',
      'proc',
      'proc/in',
    ]);
  });

  it('gives directories the times back that they had before something was taken out of them', () => {
    change('mkdir d etc; echo 1 > d/f; echo 1 > etc/f; touch etc/hosts');
    change(`python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("d/s")'; touch -d @5 d etc .`);
    finish(['own=etc/hosts']);
    expect(readdirSync(at('upper'), { recursive: true }).sort()).toEqual(['d', 'd/f', 'etc', 'etc/f']);
    for (const name of ['d', 'etc', '.']) expect(statSync(join(at('upper'), name)).mtimeMs).toBe(5000);
  });

  it('makes no time later than it is told, of links and directories, too', () => {
    change(`mkdir d; echo 1 > d/new; echo 1 > d/old; ln -s x d/link; mkfifo d/fifo; touch -d @100 d/old
      touch -d '@200.5' d/same; setfattr -n user.x -v 1 d/new`);
    finish(['latest=200']);
    const times = describeTree(at('upper')).map(
      (line) => `${line.split(' ')[0]} ${/mtime=(\d+)/.exec(line)?.[1]}`,
    );
    const late = '200000000000';
    expect(times).toEqual([
      `. ${late}`,
      `d ${late}`,
      `d/fifo ${late}`,
      `d/link ${late}`,
      `d/new ${late}`,
      'd/old 100000000000',
      `d/same ${late}`,
    ]);
  });

  it('dates what was made since a moment, and lets other times be', () => {
    change(
      "echo 1 > old; echo 1 > new; echo 1 > same; touch -d @100 old; touch -d '@300.5' new; touch -d @300 same .",
    );
    finish(['latest=200', 'since=300']);
    expect(['old', 'new', 'same', '.'].map((name) => statSync(join(at('upper'), name)).mtimeMs)).toEqual([
      100_000, 200_000, 200_000, 200_000,
    ]);
  });

  it('forgets what overlay has noted for itself, and whiteouts of nothing', () => {
    shell('base', 'mkdir d; echo 1 > d/f; echo 2 > g');
    change('echo 3 >> d/f; rm g; mkdir new; echo 4 > new/f');
    execFileSync('mknod', [join(at('upper'), 'new/gone'), 'c', '0', '0']);
    const notes = () =>
      execFileSync('getfattr', ['-R', '-m', 'overlay', at('upper')], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    execFileSync('setfattr', ['-n', 'trusted.overlay.opaque', '-v', 'y', join(at('upper'), 'new')]);
    expect(notes()).toContain('trusted.overlay');
    expect(finish().slice(0, 2)).toEqual(['5', '6']);
    expect(notes()).toBe('');
    expect(readdirSync(at('upper'), { recursive: true }).sort()).toEqual(['d', 'd/f', 'g', 'new', 'new/f']);
  });

  it('takes no layers below, and counts the content of several names once', () => {
    shell('upper', 'mkdir d; echo 12345 > d/a; ln d/a d/b; chmod 4755 d/a; rmdir ../work');
    const [entries, bytes, digest] = finish([], []);
    expect([entries, bytes]).toEqual(['3', '6']);
    expect(digest).toBe(sha256(archived('upper')));
    expect(finish([], ['base']).slice(0, 3)).toEqual(['3', '6', digest]);
  });

  it('tells of a root that is another one', () => {
    change('chmod 700 .');
    expect(finish().slice(0, 2)).toEqual(['1', '0']);
  });

  it('goes as deep as names go', () => {
    shell('upper', 'i=0; while [ $i -lt 150 ]; do mkdir d; cd d; i=$((i+1)); done; touch f');
    expect(finish()[0]).toBe('151');
  });

  it('refuses what no layer can hold', () => {
    shell('upper', 'mkdir d; touch d/.wh.x');
    expect(failure('finish', at('upper'), at('base'))).toEqual(['archive', '84', 'd/.wh.x']);
    shell('upper', 'rm -r d; mkdir moved; setfattr -n trusted.overlay.redirect -v /x moved');
    expect(failure('finish', at('upper'), at('base'))).toEqual(['archive', '66', 'moved']);
    expect(failure('finish', at('upper'), at('none'))).toEqual(['layer-overlay', '2', at('upper')]);
    expect(failure('finish', at('none'))).toEqual(['archive-root', '2', at('none')]);
  });
});

describe('archive digest', () => {
  it('prints the digest and the size of what it would write', () => {
    shell('base', HOSTILE_BASE);
    const args = ['archive', `dir:${at('base')}`, '/', 'layer', 'as=.', 'digest'];
    const archive = archived('base');
    expect(execFileSync(HELPER, args, { encoding: 'utf8' })).toBe(`${sha256(archive)} ${archive.length}\n`);
  });
});
