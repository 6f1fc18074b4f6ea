import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { builtProgram } from '../helpers/built-program.ts';
import { HOSTILE, HOSTILE_BASE } from '../helpers/hostile-tree.ts';
import { HELPER } from '../helpers/layers.ts';
import { tries } from '../helpers/long.ts';
import { describeTree } from '../helpers/tree.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-native-'));
  for (const name of ['from', 'to']) mkdirSync(join(root, name));
});
afterEach(() => {
  execFileSync(HELPER, ['remove', root]);
});

const at = (name: string) => join(root, name);

function shell(script: string, directory = 'from'): void {
  execFileSync('sh', ['-ec', script], { cwd: at(directory), stdio: ['ignore', 'ignore', 'inherit'] });
}

interface Ended {
  status: number | null;
  text: string;
  record: string[];
}

function run(words: string[], fields: string[]): Ended {
  const input = Buffer.from(fields.map((field) => `${field}\0`).join(''), 'latin1');
  const stdio = ['pipe', 'pipe', 'pipe', 'pipe'] as const;
  const { status, output } = spawnSync(HELPER, words, { input, stdio: [...stdio] });
  const [, text = '', , record = ''] = output.map((part) => part?.toString('latin1') ?? '');
  return { status, text, record: record.split('\0').slice(0, 3) };
}

const ALL = ['', '', 'all'];
const digest = (words: string[] = [], fields = ALL) => run(['digest', `dir:${at('from')}`, ...words], fields);
const gather = (destination = '/', words: string[] = [], fields = ALL) =>
  run(['gather', `dir:${at('from')}`, `dir:${at('to')}`, destination, ...words], fields);
/** Paths of a directory; links are not followed. */
const pathsBelow = (name: string) => execFileSync('find', [at(name)], { encoding: 'utf8' }).split('\n');
/** Empties the directory that was copied to. */
function again(): void {
  execFileSync(HELPER, ['remove', at('to')]);
  mkdirSync(at('to'));
}

describe('list', () => {
  const list = (...paths: string[]) => run(['list', `dir:${at('from')}`], paths);

  it('answers each path with what lies there, and what is no directory with that', () => {
    shell('mkdir d e; touch d/f "$(printf "a\\377\\nb")"; ln -s d link; ln -s ../x d/l; mkfifo d/p');
    const answers = list('', 'd', 'e', 'link', 'd/f', 'gone', 'd/../d')
      .text.split('\0\0')
      .map((answer) => answer.split('\0').filter((field) => field !== ''));
    expect(answers[0]?.sort()).toEqual(['d', 'dd', 'de', 'llink', 'oa\xff\nb']);
    const whole = list('', 'd', 'e', 'link', 'd/f', 'gone').text;
    expect(whole.endsWith('-\0\0-\0\0-\0\0')).toBe(true);
    expect(list('d').text.split('\0').sort()).toEqual(['', '', '../x', 'll', 'of', 'op']);
    expect(list('e').text).toBe('\0');
  });

  it('answers before its input ends', async () => {
    const child = spawn(HELPER, ['list', `dir:${at('from')}`], { stdio: ['pipe', 'pipe', 'inherit'] });
    for (let round = 0; round < 3; round++) {
      child.stdin.write('\0');
      expect(String((await once(child.stdout, 'data'))[0])).toBe('\0');
    }
    child.stdin.end();
    expect((await once(child, 'close'))[0]).toBe(0);
  });
});

describe('digest', () => {
  const words = ['owner=0:0'];
  const now = () => digest(words).text.split(' ')[0];

  it('says the same of trees that differ in times, in the order of their entries, and in where they lie', () => {
    shell('mkdir -p d/e; echo 1 >d/a; echo 2 >d/b; ln -s a d/l; ln d/a d/h; touch -d @1 d/a');
    const before = digest(words).text;
    expect(before).toMatch(/^[0-9a-f]{64} 6 4\n$/);
    renameSync(at('from'), at('elsewhere'));
    mkdirSync(at('from'));
    shell(
      'mkdir -p d/e; ln -s a d/l; echo 2 >d/b; echo 1 >d/h; ln d/h d/a; touch -d @9 d d/e; chown 5:6 d/b',
    );
    expect(digest(words).text).toBe(before);
  });

  it.each<[string, string]>([
    ['a byte', 'printf 2 >d/a'],
    ['one byte more', 'printf "1\\n" >d/a'],
    ['a mode', 'chmod 600 d/a'],
    ['the mode of a directory', 'chmod 700 d'],
    ['an attribute', 'setfattr -n user.x -v 2 d/a'],
    ['where a link leads', 'ln -sfn b d/l'],
    ['a kind', 'rm d/a; mkdir d/a'],
    ['a name', 'mv d/a d/z'],
    ['an entry more', 'mkdir d/new'],
    ['names of one file', 'rm d/h; printf 1 >d/h; setfattr -n user.x -v 1 d/h'],
    ['the number of a device', 'rm d/n; mknod d/n c 1 5'],
  ])('sees another: %s', (_, change) => {
    shell(
      'mkdir -p d/e; printf 1 >d/a; setfattr -n user.x -v 1 d/a; ln d/a d/h; ln -s a d/l; mknod d/n c 1 3',
    );
    const before = now();
    shell(change);
    expect(now()).not.toBe(before);
  });

  it('takes owners and modes as they will be', () => {
    shell('echo 1 >a; chown 7:8 a');
    const kept = digest().text;
    expect(digest(['owner=7:8']).text).toBe(kept);
    expect(digest(['owner=0:0']).text).not.toBe(kept);
    expect(digest(['mode=644']).text).toBe(kept);
    expect(digest(['mode=u+x']).text).not.toBe(kept);
  });

  it('does not mix what is in one file with what is in another', () => {
    shell('printf ab >a; printf c >b');
    const before = now();
    shell('printf a >a; printf bc >b');
    expect(now()).not.toBe(before);
  });

  it('counts what is selected, and nothing else', () => {
    shell('mkdir d e; echo 1 >d/a; echo 2 >d/b; echo 3 >e/c; echo 4 >f');
    const only = ['', '', 'only', 'd', 'd/b', 'f', '', 'f', 'name', 'all'];
    expect(digest([], only).text).toMatch(/ 4 6\n$/);
    const before = digest([], only).text;
    shell('echo 5 >d/a; echo 6 >e/c; touch d.x');
    expect(digest([], only).text).toBe(before);
    // What is not there any more is not taken.
    expect(
      digest([], ['', '', 'only', 'a', 'd', 'd/aa', 'd/b', 'd/z', 'f', '', 'f', 'name', 'all']).text,
    ).toBe(before);
    expect(digest([], ['f', 'other', 'all']).text).not.toBe(digest([], ['f', 'name', 'all']).text);
  });

  it('refuses fields that are not whole, and a link on the way', () => {
    shell('mkdir d; ln -s d l; echo 1 >d/f');
    for (const fields of [['a'], ['a', 'b'], ['a', 'b', 'what'], ['d', 'd', 'only', 'f']])
      expect(digest([], fields)).toMatchObject({ status: 1, record: ['source', '74', ''] });
    expect(digest([], ['l/f', 'f', 'all']).record).toEqual(['source', '40', 'l/f']);
    expect(digest([], ['l', 'f', 'all']).record).toEqual(['source', '40', 'l']);
    expect(digest([], ['d', 'f', 'file']).record).toEqual(['source', '21', 'd']);
    expect(digest([], ['d/f', 'f', 'file']).text).toBe(digest([], ['d/f', 'f', 'all']).text);
    expect(digest([], ['gone', 'f', 'all']).record).toEqual(['source', '2', 'gone']);
  });
});

describe('gather', () => {
  it('copies what copy copies: names, kinds, modes, attributes, holes, times', () => {
    shell(`${HOSTILE_BASE}; ${HOSTILE}`);
    const { text } = gather();
    const told = digest().text.split(' ')[0];
    expect(text).toContain(`digest ${told}\n`);
    // Directories that were there, as the top was, are not what is copied.
    const entries = (name: string) => describeTree(at(name)).slice(1);
    expect(entries('to')).toEqual(entries('from'));
    expect(statSync(join(at('to'), 'holes')).blocks * 512).toBeLessThan(1 << 20);
  });

  it('tells the digest of what it has copied', () => {
    shell('mkdir d; echo 1 >d/a; ln d/a d/b; head -c 700000 /dev/zero >d/big; chown 7 d/a');
    const only = ['d', 'd', 'only', 'a', 'big', '', 'd/a', 'x', 'all'];
    const asked = ['owner=3:4', 'mode=u=rwX,go='];
    const told = digest(asked, only).text.split(' ')[0];
    expect(gather('/new/dir/', ['into', ...asked], only).text).toContain(`digest ${told}\n`);
    expect(describeTree(at('to'), { times: false }).slice(1)).toEqual([
      'new directory 0755 3:4',
      'new/dir directory 0755 3:4',
      expect.stringMatching(/^new\/dir\/a file 0600 3:4 2 /),
      expect.stringMatching(/^new\/dir\/big file 0600 3:4 700000 /),
      expect.stringMatching(/^new\/dir\/x file 0600 3:4 2 /),
    ]);
  });

  it.each(['u=rwX,go=rX', '+x', 'a-w', '0', '7777', 'u+s,g=u,o-rwx,+t', 'a=rX,u+w', 'go-r+x', 'ug=o'])(
    'changes modes by %s as chmod does',
    (mode) => {
      shell(
        `echo 1 >f; chmod 640 f; mkdir -m 750 d ../same; chmod 755 ../same; cp -a f d ../same; chmod -- '${mode}' ../same/*`,
      );
      gather('/', [`mode=${mode}`]);
      const modes = (name: string) =>
        ['f', 'd'].map((entry) => (lstatSync(join(at(name), entry)).mode & 0o7777).toString(8));
      expect(modes('to')).toEqual(modes('same'));
    },
  );

  it('refuses words and modes that are none', () => {
    for (const mode of ['', '8', '77777', 'u', 'x', 'u+y', 'u=rwx,', 'z=r'])
      expect(gather('/', [`mode=${mode}`]).status).toBe(2);
    expect(gather('/', ['owner=x:y']).status).toBe(2);
    expect(gather('/', ['what']).status).toBe(2);
  });

  it('leaves nothing half done when a file cannot be put there', () => {
    shell('echo 1 >f; mkdir -p ../to/f/in');
    expect(gather().record).toEqual(['copy-entry', '21', 'f']);
    expect(readdirSync(at('to'))).toEqual(['f']);
    again();
    shell('echo old >x', 'to');
    expect(gather('/x', [], ALL).record).toEqual(['copy-to', '20', '/x']);
    expect(gather('/x/y').record).toEqual(['copy-to', '20', '/x/y']);
    expect(gather('/x', [], ['f', 'f', 'all', 'f', 'g', 'all']).record).toEqual(['copy-to', '20', '/x']);
    expect(readFileSync(join(at('to'), 'x'), 'utf8')).toBe('old\n');
  });

  it.each<[string, string, string]>([
    ['an absolute link', 'ln -s /etc x', '/x/passwd'],
    ['one that climbs', 'ln -s ../../../../../etc x', '/x/passwd'],
    ['one of the last name', 'mkdir x; ln -s /etc/passwd x/passwd', '/x/passwd'],
    ['one to nothing', `ln -s /../..${tmpdir()}/gone x`, '/x/passwd'],
    ['names that climb', 'true', '/../../../etc/passwd'],
  ])('stays in the tree whatever is there: %s', (_, script, destination) => {
    const host = readFileSync('/etc/passwd');
    shell('echo 1 >f');
    shell(script, 'to');
    expect(gather(destination, [], ['f', 'f', 'all']).status).toBe(0);
    expect(readFileSync('/etc/passwd').equals(host)).toBe(true);
    expect(existsSync(join(tmpdir(), 'gone'))).toBe(false);
    expect(pathsBelow('to').filter((path) => /(?:etc|gone)\/passwd$/.test(path))).not.toEqual([]);
  });

  it('follows no link that takes the place of a directory of a source, nor of a source itself', async () => {
    mkdirSync(at('outside'));
    writeFileSync(join(at('outside'), 'secret'), 'secret');
    mkdirSync(join(at('from'), 'd'));
    writeFileSync(join(at('from'), 'd', 'mine'), 'mine');
    symlinkSync(at('outside'), join(at('from'), 'l'));
    const attacker = spawn(builtProgram('swap'), [join(at('from'), 'd'), join(at('from'), 'l')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(attacker.stdout, 'data');
      for (let round = 0; round < tries(10); round++) {
        for (const fields of [
          ALL,
          ['d', 'd', 'all'],
          ['d/secret', 'd', 'all'],
          ['', '', 'only', 'd', 'd/secret', ''],
        ])
          gather('/x', ['into'], fields);
        expect(run(['list', `dir:${at('from')}`], ['d', 'l', 'd']).text).not.toContain('secret');
        expect(pathsBelow('to').filter((path) => path.includes('secret'))).toEqual([]);
        again();
      }
    } finally {
      attacker.kill();
    }
  });

  it('puts a file that changes while it is read under the digest of what was copied', () => {
    shell('echo 1 >f');
    const before = digest([], ALL).text.split(' ')[0];
    shell('echo 2 >f');
    const told = /digest (\w+)/.exec(gather().text)?.[1];
    expect(told).not.toBe(before);
    again();
    rmSync(join(at('from'), 'f'));
    shell('echo 2 >f');
    expect(/digest (\w+)/.exec(gather().text)?.[1]).toBe(told);
  });

  it('follows a link of the destination where the source has a directory, however deep', () => {
    shell('mkdir -p a/lib/deep; echo 1 >a/lib/deep/f; echo 2 >a/g');
    shell('mkdir -p a real/deep; ln -s ../real a/lib; chmod 711 real', 'to');
    expect(gather().status).toBe(0);
    expect(readFileSync(join(at('to'), 'real/deep/f'), 'utf8')).toBe('1\n');
    expect(lstatSync(join(at('to'), 'a/lib')).isSymbolicLink()).toBe(true);
    // It becomes as the directory of the source is.
    expect(statSync(join(at('to'), 'real')).mode & 0o777).toBe(0o755);
    chmodSync(join(at('to'), 'real'), 0o711);
    expect(gather('/', ['parents']).status).toBe(0);
    expect(statSync(join(at('to'), 'real')).mode & 0o777).toBe(0o711);
  });

  it('keeps the time of what it copies', () => {
    writeFileSync(join(at('from'), 'f'), '');
    linkSync(join(at('from'), 'f'), join(at('from'), 'g'));
    utimesSync(join(at('from'), 'f'), 5, 5);
    gather();
    expect(statSync(join(at('to'), 'g'))).toMatchObject({ mtimeMs: 5000, nlink: 2 });
  });
});
