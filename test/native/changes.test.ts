import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { builtProgram } from '../helpers/built-program.ts';
import { HOSTILE, HOSTILE_BASE } from '../helpers/hostile-tree.ts';
import { describeOverlay, HELPER, LayerRoom } from '../helpers/layers.ts';
import { tries } from '../helpers/long.ts';
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

/** Runs a script of sh in the root of a container on these layers, as far as an overlay makes one. */
function change(script: string, layers = LAYERS): void {
  const lowers = layers.map(at).join(':');
  const mount = `mount -t overlay overlay -o lowerdir=${lowers},upperdir=${at('upper')},workdir=${at('work')} merged`;
  execFileSync('unshare', ['--mount', 'sh', '-ec', `${mount}; cd merged; ${script}`], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function changes(words: string[] = [], layers = LAYERS): string[] {
  const args = ['changes', at('upper'), ...words, ...layers.map(at)];
  return execFileSync(HELPER, args, { encoding: 'latin1' }).split('\0').slice(0, -1);
}

function failure(...args: string[]): string[] {
  const { status, output } = spawnSync(HELPER, args, {
    encoding: 'latin1',
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  expect(status).toBe(1);
  return (output[3] ?? '').split('\0').slice(0, 3);
}

describe('changes', () => {
  it.each<[string, { base?: string; second?: string; script: string; lines: string[] }]>([
    ['tells of nothing where nothing was done', { script: 'true', lines: [] }],
    [
      'tells of what was made, with all that is in it',
      { script: 'mkdir -p a/b; echo 1 > a/b/c; mkfifo a/f', lines: ['A /a', 'A /a/b', 'A /a/b/c', 'A /a/f'] },
    ],
    [
      'tells of files that were written, of their directories, and of what is gone',
      {
        base: 'mkdir -p d/e; echo 1 > d/e/f; echo 2 > d/g; echo 3 > h',
        script: 'echo 4 > d/e/f; rm d/g h',
        lines: ['C /d', 'C /d/e', 'C /d/e/f', 'D /d/g', 'D /h'],
      },
    ],
    [
      'tells of one line where a directory is gone',
      { base: 'mkdir -p d/e; echo 1 > d/e/f', script: 'rm -r d', lines: ['D /d'] },
    ],
    [
      'tells of modes, owners, types and attributes',
      {
        base: 'for name in mode owner type attribute same; do echo 1 > $name; done; mkdir dir',
        script: `chmod 700 mode; chown 7 owner; rm type; mkdir type; setfattr -n user.x -v 1 attribute;
          chmod 711 dir; chmod 600 same; chmod 644 same`,
        lines: ['C /attribute', 'C /dir', 'C /mode', 'C /owner', 'C /type'],
      },
    ],
    [
      'looks behind a directory that was made anew',
      {
        base: 'mkdir -p d/sub; echo 1 > d/b; echo 2 > d/d; touch -d @1 d/e; echo 3 > d/z',
        script: 'rm -r d; mkdir d; echo 11 > d/b; echo 1 > d/c; touch -d @1 d/e',
        lines: ['C /d', 'C /d/b', 'A /d/c', 'D /d/d', 'D /d/sub', 'D /d/z'],
      },
    ],
    [
      'sees the layers as one tree',
      {
        base: 'mkdir d; echo 1 > d/one; echo 2 > d/two',
        second: 'mkdir d; mknod d/one c 0 0; echo 3 > d/three',
        script: 'echo 1 > d/one; rm d/three d/two',
        lines: ['C /d', 'A /d/one', 'D /d/three', 'D /d/two'],
      },
    ],
    [
      'takes a directory in the place of a file, and a file in that of a directory, for changed',
      {
        base: 'mkdir d; echo 1 > d/in; echo 2 > f',
        script: 'rm -r d f; echo 1 > d; mkdir f; echo 1 > f/in',
        lines: ['C /d', 'C /f', 'A /f/in'],
      },
    ],
    ['tells of names as they are', { script: 'touch "$(printf "a\\nb\\377")"', lines: ['A /a\nb\xff'] }],
  ])('%s', (_, { base = 'true', second = 'true', script, lines }) => {
    shell('base', base);
    shell('second', second);
    change(script);
    expect(changes()).toEqual(lines);
  });

  it('takes what the engine made for what was there before, as far as nothing was put into it', () => {
    const own = ['own=etc', 'own=etc/hosts', 'own=etc/mine', 'own=proc', 'own=sys'];
    change('mkdir etc proc sys; touch etc/hosts; echo 1 > etc/mine; mkdir sys/in');
    expect(changes(own)).toEqual(['C /etc', 'A /etc/mine', 'C /sys', 'A /sys/in']);
  });

  it('takes one layer, and none', () => {
    shell('base', 'echo 1 > a');
    change('echo 2 > a; echo 3 > b', ['base']);
    expect(changes([], ['base'])).toEqual(['C /a', 'A /b']);
    expect(changes([], [])).toEqual(['A /a', 'A /b']);
  });

  it('goes as deep as names go', () => {
    const deep = 'i=0; while [ $i -lt 150 ]; do mkdir d; cd d; i=$((i+1)); done';
    shell('base', `${deep}; echo 1 > f`);
    change(`${deep.replace('mkdir', ':')}; echo 2 > f; touch g`, ['base']);
    const lines = changes([], ['base']);
    expect(lines).toHaveLength(152);
    expect(lines.at(-1)).toBe(`A ${'/d'.repeat(150)}/g`);
    execFileSync(HELPER, ['changes', at('upper'), `to=${at('to')}`, at('base')]);
    const files = execFileSync('find', [at('to'), '-type', 'f', '-printf', '%f ']).toString();
    expect(files.trim().split(' ').sort()).toEqual(['f', 'g']);
  });

  it('does not follow a name that is now a directory and now a link', async () => {
    mkdirSync(at('outside'));
    writeFileSync(join(at('outside'), 'secret'), 'x');
    mkdirSync(join(at('upper'), 'd'));
    symlinkSync(at('outside'), join(at('upper'), 'l'));
    const attacker = spawn(builtProgram('swap'), [join(at('upper'), 'd'), join(at('upper'), 'l')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(attacker.stdout, 'data');
      for (let round = 0; round < tries(30); round++) {
        expect(changes().filter((line) => line.includes('secret'))).toEqual([]);
        execFileSync(HELPER, ['changes', at('upper'), `to=${at('to')}`, ...LAYERS.map(at)]);
        for (const name of readdirSync(at('to'))) {
          expect(readdirSync(at('to'), { recursive: true })).not.toContain('secret');
          rmSync(join(at('to'), name), { recursive: true });
        }
      }
    } finally {
      attacker.kill();
    }
  });

  it('refuses what overlay keeps elsewhere, and a layer that is not there', () => {
    mkdirSync(join(at('upper'), 'moved'));
    execFileSync('setfattr', ['-n', 'trusted.overlay.redirect', '-v', '/x', join(at('upper'), 'moved')]);
    expect(failure('changes', at('upper'), at('base'))).toEqual(['archive', '66', 'moved']);
    expect(failure('archive', `dir:${at('upper')}`, '/', 'layer', 'as=.')).toEqual([
      'archive',
      '66',
      'moved',
    ]);
    expect(failure('changes', at('upper'), at('none'))).toEqual(['layer-overlay', '2', at('upper')]);
  });
});

describe('changes to=DIR', () => {
  const copyChanges = (words: string[] = []): string =>
    execFileSync(HELPER, ['changes', at('upper'), `to=${at('to')}`, ...words, ...LAYERS.map(at)], {
      encoding: 'utf8',
    });
  const archived = (directory: string): Buffer =>
    execFileSync(HELPER, ['archive', `dir:${at(directory)}`, '/', 'layer', 'as=.'], { maxBuffer: 1 << 30 });

  it('makes a layer on which the same is to be seen, whose archive says the same to whoever unpacks it', async () => {
    shell('base', HOSTILE_BASE);
    change(HOSTILE);
    copyChanges();
    const seen = describeOverlay(['upper', ...LAYERS].map(at), root, {});
    expect(describeOverlay(['to', ...LAYERS].map(at), root, {})).toEqual(seen);
    const layers = [archived('base'), archived('to')];
    expect(archived('to').equals(layers[1] as Buffer)).toBe(true);
    const room = new LayerRoom();
    try {
      expect(await room.view(layers)).toEqual(seen);
      // umoci knows no time after 2242.
      const timely = (line: string) => !line.startsWith('far ');
      expect(room.umociView(layers).filter(timely)).toEqual(seen.filter(timely));
    } finally {
      room.remove();
    }
  });

  it('keeps the holes of files, in the layer and in its archive', () => {
    change('truncate -s 30G sparse; printf a | dd of=sparse bs=1 seek=20G conv=notrunc status=none');
    expect(copyChanges()).toBe(`1 ${30 * 2 ** 30}\n`);
    const { size, blocks } = statSync(join(at('to'), 'sparse'));
    expect(size).toBe(30 * 2 ** 30);
    expect(blocks * 512).toBeLessThan(2 ** 20);
    const archive = archived('to');
    expect(archive.length).toBeLessThan(2 ** 20);
    expect(execFileSync('tar', ['t', '-v'], { input: archive, encoding: 'utf8' })).toContain(
      String(30 * 2 ** 30),
    );
  });

  it('says how much it is, and makes nothing of what is no change', () => {
    shell('base', 'mkdir -p d/e; echo 1 > d/e/f; mkdir etc');
    change('chmod 700 d; chmod 755 d; touch etc/hosts; mkdir proc; chmod 711 d/e; chmod 755 d/e');
    expect(copyChanges(['own=etc/hosts', 'own=proc'])).toBe('0 0\n');
    expect(readdirSync(at('to'))).toEqual([]);
    change('echo 12345 > d/e/g; ln d/e/g d/h');
    expect(copyChanges(['own=etc/hosts', 'own=proc'])).toBe('4 6\n');
    expect(describeTree(at('to'), { times: false }).map((line) => line.split(' ')[0])).toEqual([
      '.',
      'd',
      'd/e',
      'd/e/g',
      'd/h',
    ]);
  });

  it('tells of a root that is another one', () => {
    change('chmod 700 .');
    expect(copyChanges()).toBe('1 0\n');
    expect(describeTree(at('to'), { times: false })).toEqual(['. directory 0700 0:0']);
  });

  it('leaves sockets out', () => {
    change('python3 -c \'import socket; socket.socket(socket.AF_UNIX).bind("s")\'');
    expect(changes()).toEqual(['A /s']);
    expect(copyChanges()).toBe('0 0\n');
  });

  it('refuses a name that an archive of the layer would hide something by', () => {
    change('mkdir d; touch d/.wh.x');
    copyChanges();
    expect(failure('archive', `dir:${at('to')}`, '/', 'layer', 'as=.')).toEqual(['archive', '84', 'd/.wh.x']);
  });
});

describe('changes of a tree that was copied from its layer', () => {
  const MAPS = ['u:0:300000:65536', 'g:0:400000:65536'];
  const since = (...words: string[]): string =>
    execFileSync(HELPER, ['changes', at('tree'), ...words], { encoding: 'latin1' });
  const copyAs = (...maps: string[]): void => {
    execFileSync(HELPER, ['shift', at('base'), at('tree'), ...maps]);
  };
  const archived = (directory: string, ...words: string[]): Buffer =>
    execFileSync(HELPER, ['archive', `dir:${at(directory)}`, '/', ...words, 'as=.'], { maxBuffer: 1 << 30 });

  it.each([
    ['', []],
    [', also with shifted owners', MAPS],
  ])('are a layer that makes the same of it to whoever unpacks it%s', async (_, maps) => {
    shell('base', HOSTILE_BASE);
    copyAs(...maps);
    // Owners that no map has cannot be told.
    shell(
      'tree',
      maps.length === 0 ? HOSTILE : HOSTILE.replace(/chown \S+ user/, 'chown 300001:400002 user'),
    );
    since(`to=${at('to')}`, `since=${at('base')}`, ...maps.map((map) => `from=${map}`), 'own=proc');
    const layers = [archived('base', 'layer'), archived('to')];
    const whole = new LayerRoom({ whole: true });
    try {
      const made = await whole.view(layers);
      const timely = (line: string) => !line.startsWith('far ');
      expect(whole.umociView(layers).filter(timely)).toEqual(made.filter(timely));
      if (maps.length === 0) expect(made).toEqual(describeTree(at('tree')));
      else expect(made).toContainEqual(expect.stringMatching(/^user file 0644 1:2 /));
    } finally {
      whole.remove();
    }
  });

  it('are told as those of an overlay, and counted', () => {
    shell('base', 'mkdir -p d/e gone; echo 1 > d/e/f; echo 2 > d/g; echo 3 > h; ln h i; echo 4 > gone/j');
    copyAs(...MAPS);
    const from = MAPS.map((map) => `from=${map}`);
    expect(since(`since=${at('base')}`, ...from)).toBe('');
    shell(
      'tree',
      'echo 12345 > d/e/f; rm -r gone; ln d/e/f new; mkdir -p etc proc; touch etc/hosts; chown 0 d/g',
    );
    const own = ['own=etc', 'own=etc/hosts', 'own=proc'];
    const lines = since(`since=${at('base')}`, ...from, ...own).split('\0');
    expect(lines).toEqual(['C /d', 'C /d/e', 'C /d/e/f', 'C /d/g', 'D /gone', 'A /new', '']);
    expect(since('size', `since=${at('base')}`, ...from, ...own)).toBe('8\n');
  });

  it('are found in content of which neither size nor time tells, where nothing else would keep it', () => {
    shell('base', 'echo one > a; echo two > b');
    copyAs();
    shell('tree', 'echo ONE > a; touch -r ../base/a a');
    expect(since(`to=${at('to')}`, `since=${at('base')}`)).toBe('1 4\n');
    expect(readdirSync(at('to'))).toEqual(['a']);
  });

  it('cannot be a layer with a name that it would hide something by', () => {
    copyAs();
    shell('tree', 'mkdir d; touch d/.wh.x');
    expect(failure('changes', at('tree'), `to=${at('to')}`, `since=${at('base')}`)).toEqual([
      'archive',
      String(constants.errno.EILSEQ),
      'd/.wh.x',
    ]);
  });
});

describe('changes since=DIR', () => {
  const OWN = ['etc', 'etc/hosts', 'proc'].map((path) => `own=${path}`);
  /** What the upper directory is now becomes what it once was. */
  const keep = (): void => {
    execFileSync(HELPER, ['copy', `dir:${at('upper')}`, '/', `dir:${root}`, '/', 'as=since', 'exact']);
  };
  const since = (layers = LAYERS): string[] => changes([`since=${at('since')}`, ...OWN], layers);

  it.each<[string, { base?: string; before?: string; after: string; lines: string[] }]>([
    [
      'tells of nothing where nothing was done since',
      { base: 'mkdir d; echo 1 > d/f', before: 'echo 2 > d/f; rm -r d; mkdir d e', after: 'true', lines: [] },
    ],
    [
      'tells of what was made, written and removed since, and not of what was before',
      {
        base: 'mkdir -p d/e; echo 1 > d/e/f; echo 2 > d/g; echo 3 > h',
        before: 'mkdir mine; echo 1 > mine/a; echo 2 > mine/b; echo 4 > h; rm d/g; touch -d @1 mine/a',
        after: 'rm mine/b; echo 5 >> mine/a; echo 6 > d/e/f; echo 7 > mine/c; mkdir -p new/in',
        lines: [
          'C /d',
          'C /d/e',
          'C /d/e/f',
          'C /mine',
          'C /mine/a',
          'D /mine/b',
          'A /mine/c',
          'A /new',
          'A /new/in',
        ],
      },
    ],
    [
      'tells of one line where something of before is gone',
      { before: 'mkdir -p mine/in; touch mine/in/f', after: 'rm -r mine', lines: ['D /mine'] },
    ],
    [
      'takes what was removed before and is there again for added',
      {
        base: 'mkdir d; echo 1 > d/f; echo 2 > g',
        before: 'rm g; rm -r d; mkdir d',
        after: 'echo 2 > g; echo 1 > d/f',
        lines: ['C /d', 'A /d/f', 'A /g'],
      },
    ],
    [
      'looks behind a directory that was made anew since',
      {
        base: 'mkdir d; echo 1 > d/a',
        before: 'echo 2 > d/b',
        after: 'rm -r d; mkdir d; echo 3 > d/c',
        lines: ['C /d', 'D /d/a', 'D /d/b', 'A /d/c'],
      },
    ],
    [
      'takes a change back for a change, and types for changed',
      {
        base: 'echo 1 > a; touch -d @1 a; mkdir d',
        before: 'chmod 700 a; rmdir d; echo 1 > d',
        after: 'chmod 644 a; rm d; mkdir d; touch d/in',
        lines: ['C /a', 'C /d', 'A /d/in'],
      },
    ],
    [
      'does not tell of what the engine makes, as far as nothing is in it',
      {
        before: 'true',
        after: 'mkdir etc proc; touch etc/hosts; mkdir proc/in',
        lines: ['C /proc', 'A /proc/in'],
      },
    ],
  ])('%s', (_, { base = 'true', before = 'true', after, lines }) => {
    shell('base', base);
    change(before);
    keep();
    change(after);
    expect(since()).toEqual(lines);
  });

  it('tells of what came back, too, when the upper directory is an older one', () => {
    shell('base', 'mkdir d; echo 1 > d/f; mkdir e; echo 1 > e/f');
    change('rm -r d; mkdir d; rm e/f; mkdir etc proc; touch etc/hosts; echo 1 > mine');
    keep();
    execFileSync(HELPER, ['remove', at('upper')]);
    mkdirSync(at('upper'));
    expect(since()).toEqual(['C /d', 'A /d/f', 'C /e', 'A /e/f', 'D /mine']);
  });

  it('takes one layer, and none', () => {
    shell('base', 'echo 1 > a');
    change('echo 2 > a; echo 3 > b', ['base']);
    keep();
    change('rm a b; echo 4 > c', ['base']);
    expect(since(['base'])).toEqual(['D /a', 'D /b', 'A /c']);
    expect(since([])).toEqual(['D /a', 'D /b', 'A /c']);
  });

  it('refuses a directory that is not there', () => {
    const words = ['changes', at('upper'), `since=${at('since')}`, at('base')];
    expect(failure(...words)).toEqual(['archive-root', '2', at('since')]);
  });
});
