import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PlanRecord } from '../../src/runtime/record.ts';
import { builtProgram } from '../helpers/built-program.ts';
import { HELPER, makeLayer, useRoom } from '../helpers/plan.ts';

/** What is mounted for the user: each record as root of the host, in a user namespace, and on hostile trees. */

const room = useRoom();
const FIRST = 300000;
type Wishes = Partial<Parameters<typeof room.plan>[0]>;

let layer: string;

beforeAll(() => {
  layer = join(room.root, 'mounts-layer');
  makeLayer(layer);
});

/** What a container with these records after its own mounts says. */
async function run(line: string, init: readonly PlanRecord[], wishes: Wishes = {}) {
  const container = room.plan({ args: ['sh', '-c', line], init, layer, ...wishes });
  const { stdout, stderr, code } = await container.run();
  return { container, stdout: stdout.toString(), stderr, code };
}

async function output(line: string, init: readonly PlanRecord[], wishes: Wishes = {}): Promise<string> {
  const { stdout, stderr, code } = await run(line, init, wishes);
  expect([stderr, code]).toEqual(['', 0]);
  return stdout.trimEnd();
}

/** A directory of the host with these files: content `/` makes a directory, `->` a link. */
function tree(name: string, files: Record<string, string>): string {
  const top = join(room.root, name);
  mkdirSync(top, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    const file = join(top, path);
    if (content === '/') mkdirSync(file, { recursive: true });
    if (content === '/') continue;
    mkdirSync(join(file, '..'), { recursive: true });
    if (content.startsWith('-> ')) symlinkSync(content.slice(3), file);
    else writeFileSync(file, content);
  }
  return top;
}

describe.each<[string, Wishes, string]>([
  ['of root', {}, '0'],
  ['in a user namespace', { firstId: FIRST }, '65534'],
])('mounts %s', (_who, wishes, owner) => {
  const tag = wishes.firstId === undefined ? 'root' : 'user';

  it('make a missing target what the source is', async () => {
    const source = tree(`same-${tag}`, { file: 'content' });
    const init: PlanRecord[] = [
      ['bind', source, '/new/directory', 'rec,mksame'],
      ['bind', join(source, 'file'), '/new/file', 'mksame'],
    ];
    expect(await output('cat /new/file /new/directory/file; stat -c " %u" /new/file', init, wishes)).toBe(
      `contentcontent ${owner}`,
    );
  });

  it('show what lies below a source, and follow its links within the source alone', async () => {
    const source = tree(`below-${tag}`, {
      'data/site/index': 'site',
      'data/up': '-> ../../../../../../etc',
      'data/absolute': '-> /inner',
      'etc/hostname': 'inside',
      'inner/file': 'inner',
    });
    const beneath = (path: string, target: string): PlanRecord => [
      'bind-beneath',
      source,
      path,
      target,
      'rec,mksame',
    ];
    const init = [
      beneath('data/site', '/a'),
      beneath('data/up/hostname', '/b'),
      beneath('data/absolute', '/c'),
      beneath('../../../../data/site/index', '/d'),
    ];
    expect(await output('cat /a/index /b /c/file /d', init, wishes)).toBe('siteinsideinnersite');
  });

  it('name a path below a source that is not there, and leave nothing', async () => {
    const source = tree(`missing-${tag}`, { file: '' });
    const init: PlanRecord[] = [['bind-beneath', source, 'not/there', '/a', 'rec,mksame']];
    const { stderr, code, container } = await run('true', init, wishes);
    expect(code).toBe(125);
    expect(stderr).toMatch(/^skiff-helper: bind-beneath: not\/there: No such file or directory/);
    expect(container.leftovers()).toEqual([]);
  });

  it.each([
    ['at once', {}],
    [
      'on kernels that take the layers in one string only',
      { helper: builtProgram('unread-options'), env: { PROGRAM: HELPER }, showsCgroups: false },
    ],
  ])(
    'lay directories over each other, whole or a part, read-only or not, %s',
    async (how, kernel: Wishes) => {
      const name = `${tag}-${how.length}`;
      const base = tree(`base-${name}`, { 'sub/a': 'a of base', 'sub/b': 'b of base', c: 'c of base' });
      const top = tree(`top-${name}`, { 'sub/a': 'a of top' });
      const writes = tree(`writes-${name}`, { upper: '/', work: '/' });
      const flags = wishes.firstId === undefined ? 'mksame' : 'mksame,idmap';
      const init: PlanRecord[] = [
        ['overlay-at', '/whole', '', '', `ro,${flags}`, '', top, base],
        ['overlay-at', '/part', '', '', `ro,${flags}`, 'sub', top, base],
        ['overlay-at', '/own', join(writes, 'upper'), join(writes, 'work'), flags, '', base],
        ['bind', base, '/base', 'mksame'],
      ];
      const line = `cat /whole/sub/a /whole/sub/b /whole/c /part/a; echo " $(ls /base)"; stat -c %u /whole/c
      touch /whole/x 2>/dev/null || echo closed; echo mine > /own/c; cat /own/c`;
      expect(await output(line, init, { ...wishes, ...kernel })).toBe(
        'a of topb of basec of basea of top c\nsub\n0\nclosed\nmine',
      );
      expect(readFileSync(join(base, 'c'), 'utf8')).toBe('c of base');
      expect(readFileSync(join(writes, 'upper/c'), 'utf8')).toBe('mine\n');
    },
  );

  it('give a source to the user of the container, and follow no link on the way', async () => {
    const outside = tree(`outside-${tag}`, { secret: '' });
    const source = tree(`given-${tag}`, { 'a/b': '', link: `-> ${outside}`, 'a/up': `-> ${outside}/secret` });
    const init: PlanRecord[] = [['bind', source, '/data', 'rec,mksame,chown']];
    const process: PlanRecord[] = [['user', 'harbour:sail']];
    expect(
      await output('touch /data/a/new; stat -c %u:%g /data /data/a/b', init, { ...wishes, process }),
    ).toBe('1000:2000\n1000:2000');
    const first = wishes.firstId ?? 0;
    expect(statSync(join(source, 'a/b'))).toMatchObject({ uid: first + 1000, gid: first + 2000 });
    expect([statSync(outside).uid, statSync(join(outside, 'secret')).uid]).toEqual([0, 0]);
  });

  it('are refused where a link of the image leads to procfs', async () => {
    const hostile = join(room.root, `hostile-${tag}`);
    makeLayer(hostile);
    symlinkSync('/proc/self/attr', join(hostile, 'attr'));
    symlinkSync('/proc', join(hostile, 'kernel'));
    const source = tree(`proc-${tag}`, { exec: 'fake', uptime: 'fake' });
    for (const [path, target] of [
      ['', '/attr'],
      ['exec', '/attr/exec'],
      ['uptime', '/kernel/uptime'],
    ] as const) {
      const { stderr, code } = await run('true', [['bind', join(source, path), target, 'rec,mksame']], {
        ...wishes,
        layer: hostile,
      });
      expect([target, code]).toEqual([target, 125]);
      expect(stderr).toContain(`skiff-helper: bind: ${target}: Operation not permitted`);
    }
    const { stderr } = await run('true', [['mount', 'tmpfs', 'x', '/attr', '', '']], {
      ...wishes,
      layer: hostile,
    });
    expect(stderr).toContain('skiff-helper: mount: /attr: Operation not permitted');
    // What is named there is what is meant.
    const exact: PlanRecord = ['bind', join(source, 'uptime'), '/proc/uptime', 'nofollow'];
    expect(await output('cat /proc/uptime', [exact], wishes)).toBe('fake');
  });

  it('leave what is masked masked', async () => {
    const source = tree(`masked-${tag}`, { uptime: 'uncovered' });
    const init: PlanRecord[] = [['bind', join(source, 'uptime'), '/proc/uptime', 'nofollow']];
    const afterPivot: PlanRecord[] = [['mask', '/proc/uptime']];
    expect(await output('cat /proc/uptime', init, { ...wishes, afterPivot })).toBe('');
  });
});

describe('labels of SELinux', () => {
  it('are set on a source and all in it, and on nothing that its links lead to', async () => {
    const outside = tree('unlabelled', { secret: '' });
    const source = tree('labelled', { 'a/b': '', 'a/link': `-> ${outside}/secret` });
    const setup: PlanRecord[] = [['relabel', source, 'system_u:object_r:container_file_t:s0']];
    const { stderr, code } = await run('true', [], { setup });
    expect([stderr, code]).toEqual(['', 0]);
    const label = (path: string) =>
      execFileSync('getfattr', ['--absolute-names', '-h', '-d', '-m', 'security.selinux', path], {
        encoding: 'utf8',
      });
    for (const path of [source, join(source, 'a'), join(source, 'a/b'), join(source, 'a/link')])
      expect(label(path)).toContain('container_file_t:s0');
    expect(label(join(outside, 'secret'))).toBe('');
  });
});

describe('a bind that is read-only', () => {
  it('is so with all that is mounted below it, or alone', async () => {
    const shown = (flags: string): PlanRecord[] => [['bind', '/sys', '/t', `rec,mksame,${flags}`]];
    const line =
      "awk '$2 ~ /^\\/t/ { all++ } $2 ~ /^\\/t/ && $4 ~ /^ro/ { closed++ } END { print closed+0, all }' /proc/self/mounts";
    const [deep, all] = (await output(line, shown('ro'))).split(' ').map(Number);
    expect(all).toBeGreaterThan(1);
    expect(deep).toBe(all);
    const open = (await output(line, shown('nosuid'))).split(' ').map(Number)[0] ?? 0;
    // The top is one more than those that are closed on the host.
    expect(Number((await output(line, shown('ro-top'))).split(' ')[0])).toBe(open + 1);
  });
});

it('binds show owners through id maps where that is asked for and the file system can', async () => {
  const source = tree('tried', { file: '' });
  chownSync(join(source, 'file'), 33, 44);
  const init: PlanRecord[] = [
    ['bind', source, '/tried', 'mksame,try-idmap'],
    ['bind', '/proc/sys/kernel', '/cannot', 'mksame,ro,try-idmap'],
  ];
  const line = 'stat -c %u:%g /tried/file; stat -c %u /cannot/ostype';
  expect(await output(line, init, { firstId: FIRST })).toBe('33:44\n65534');
  const given: PlanRecord[] = [['bind', source, '/tried', 'mksame,chown,try-idmap']];
  const process: PlanRecord[] = [['user', 'harbour:sail']];
  expect(await output('stat -c %u:%g /tried/file', given, { firstId: FIRST, process })).toBe('1000:2000');
  expect(statSync(join(source, 'file'))).toMatchObject({ uid: 1000, gid: 2000 });
});
