import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { HOSTILE, HOSTILE_BASE } from '../helpers/hostile-tree.ts';
import { namesIn, useStore } from '../helpers/skiff.ts';
import { describeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const busybox = useBusybox(store);

const place = mkdtempSync(join(tmpdir(), 'skiff-commit-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));
afterEach(async () => {
  const ids = await store.ok(['ps', '-aq']);
  if (ids !== '') await store.ok(['rm', '-f', ...ids.split('\n')]);
});

const MAPS = ['--uidmap', '0:100000:65536', '--gidmap', '0:200000:65536'];
const CHANGE =
  'mkdir -p /a/b; echo x > /a/b/c; rm /bin/vi; chmod 700 /tmp; echo 1 > /etc/mine; chown 7:8 /a/b';
const LINES = ['A /a', 'A /a/b', 'A /a/b/c', 'C /bin', 'D /bin/vi', 'C /etc', 'A /etc/mine', 'C /tmp'];

const diff = async (name: string) => (await store.ok(['diff', name])).split('\n').filter(Boolean);
const layers = () => readdirSync(join(store.root, 'layers')).sort();

async function inspect(name: string) {
  return JSON.parse(await store.ok(['image', 'inspect', name]))[0];
}

/** The tree that `export` writes, but for what mounts need in a container that has run. */
async function tree(name: string): Promise<string[]> {
  const directory = mkdtempSync(join(place, 'tree-'));
  const archive = `${directory}.tar`;
  await store.ok(['export', '-o', archive, name]);
  const options = ['--xattrs', '--xattrs-include=*', '--numeric-owner', '-p', '--delay-directory-restore'];
  execFileSync('tar', ['-x', '-f', archive, '-C', directory, ...options]);
  // The root of a container that was just made is new.
  return describeTree(directory).filter((line) => !line.startsWith('. '));
}

describe('diff', () => {
  it('tells what a container has changed, whatever it is doing, and nothing of what the engine mounts', async () => {
    await store.ok(['create', '--name', 'it', busybox, 'sh', '-c', `${CHANGE}; echo done; sleep 1000`]);
    expect(await diff('it')).toEqual([]);
    await store.ok(['start', 'it']);
    const logs = store.start(['logs', '-f', 'it']);
    for await (const line of logs) if (line === 'done') break;
    expect(await diff('it')).toEqual(LINES);
    await store.ok(['pause', 'it']);
    expect(await diff('it')).toEqual(LINES);
    await store.ok(['unpause', 'it']);
    await store.ok(['stop', '-t', '0', 'it']);
    expect(await diff('it')).toEqual(LINES);
  });

  it('is about one container that is there', async () => {
    const { code, stderr } = await store.skiff(['diff', 'nobody']);
    expect(code).toBe(1);
    expect(stderr).toContain('no such container: nobody');
  });
});

describe('commit', () => {
  it('makes an image that has the changes, and what it is told, and runs', async () => {
    await store.ok(['run', '--name', 'it', '-e', 'A=1', '-l', 'mine=1', busybox, 'sh', '-c', CHANGE]);
    const words = ['-a', 'me', '-m', 'why', '-c', 'CMD ["ls", "-ln", "/a"]', '-c', 'ENV B=$A'];
    const id = await store.ok(['commit', ...words, 'it', 'team/it:1']);
    expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
    const image = await inspect('team/it:1');
    expect(image).toMatchObject({
      Id: id,
      RepoTags: ['team/it:1'],
      Author: 'me',
      Comment: 'why',
      Config: { Cmd: ['ls', '-ln', '/a'], Labels: { mine: '1' } },
    });
    expect(image.Config.Env).toEqual(expect.arrayContaining(['A=1', 'B=1']));
    const base = await inspect(busybox);
    expect(image.RootFS.Layers.slice(0, -1)).toEqual(base.RootFS.Layers);
    expect(image.Size).toBe(base.Size + 4);
    expect(await store.ok(['run', '--rm', 'team/it:1'])).toMatch(/drwxr-xr-x +2 7 +8 .* b$/m);
    const look = ['sh', '-c', 'test -e /bin/vi || cat /a/b/c'];
    expect(await store.ok(['run', '--rm', 'team/it:1', ...look])).toBe('x');
    const events = await store.ok(['events', '--since', '1h', '--until', '0s', '--filter', 'event=commit']);
    expect(events).toContain(`imageID=${id}, imageRef=team/it:1, mine=1, name=it)`);
  });

  it('stops a container that runs for as long as its files are copied, unless it is told not to', async () => {
    const id = await store.ok(['run', '-d', busybox, 'sleep', '1000']);
    const wanted = ['pause', 'unpause', 'commit'].flatMap((action) => ['--filter', `event=${action}`]);
    const words = [
      '--since',
      '1h',
      '--until',
      '0s',
      '--format',
      '{{.Action}}',
      '--filter',
      `container=${id}`,
    ];
    const actions = async () => (await store.ok(['events', ...words, ...wanted])).split('\n');
    await store.ok(['commit', '-p=false', id]);
    expect(await actions()).toEqual(['commit']);
    await store.ok(['commit', '-p', id]);
    expect(await actions()).toEqual(['commit', 'pause', 'unpause', 'commit']);
    await store.ok(['pause', id]);
    await store.ok(['commit', id]);
    expect(await store.ok(['ps', '--format', '{{.Status}}'])).toContain('(Paused)');
    await store.ok(['unpause', id]);
  });

  it('that is interrupted leaves nothing, and the container goes on', async () => {
    const id = await store.ok(['create', '--name', 'it', busybox, 'sleep', '1000']);
    const files = 'i=0; while [ $i -lt 1000 ]; do echo $i >$i; i=$((i+1)); done';
    execFileSync('sh', ['-ec', files], { cwd: join(store.root, 'containers', id, 'upper') });
    await store.ok(['start', 'it']);
    const before = [await store.ok(['images', '-aq']), layers()];
    const running = store.start(['commit', 'it']);
    const tmp = join(store.root, 'tmp');
    const below = (...path: string[]) => namesIn(join(...path)).map((name) => join(...path, name));
    const copies = () =>
      below(tmp)
        .flatMap((of) => below(of))
        .some((draft) => below(draft).length > 0);
    let ended = false;
    void running.then(() => {
      ended = true;
    });
    await until(() => copies() || ended);
    running.kill('SIGINT');
    const { exitCode } = await running;
    expect(await store.ok(['ps', '--format', '{{.Status}}'])).not.toContain('(Paused)');
    if (exitCode !== 0) expect([await store.ok(['images', '-aq']), layers()]).toEqual(before);
    expect(namesIn(tmp)).toEqual([]);
  });

  it('makes no layer of nothing, but a step of the history', async () => {
    await store.ok(['run', '--name', 'it', busybox, 'true']);
    const before = layers();
    const id = await store.ok(['commit', 'it']);
    expect(layers()).toEqual(before);
    expect((await inspect(id)).RootFS).toEqual((await inspect(busybox)).RootFS);
  });

  it.each([
    ['through id maps', {}],
    ['as copies with shifted owners', { SKIFF_IDMAP: 'copy' }],
  ])('has the owners of a user namespace that sees its layers %s', async (_, env) => {
    await store.ok(['run', ...MAPS, '--name', 'it', busybox, 'sh', '-c', CHANGE], { env });
    expect(await diff('it')).toEqual(LINES);
    const id = await store.ok(['commit', 'it']);
    expect(await store.ok(['run', '--rm', id, 'stat', '-c', '%u:%g', '/', '/a', '/a/b'])).toBe(
      '0:0\n0:0\n7:8',
    );
    const owners = (await tree('it')).filter((line) => /^(a|a\/b|bin|bin\/busybox) /.test(line));
    expect(owners.map((line) => /\d+:\d+/.exec(line)?.[0])).toEqual(['0:0', '7:8', '0:0', '0:0']);
  });

  it('keeps everything of a tree, and gives it to the next container', async () => {
    const base = await store.ok(['create', '--name', 'base', busybox, 'true']);
    const upper = (id: string) => join(store.root, 'containers', id, 'upper');
    execFileSync('sh', ['-ec', HOSTILE_BASE], { cwd: upper(base) });
    await store.ok(['commit', 'base', 'hostile-base']);
    const changed = await store.ok(['create', '--name', 'changed', 'hostile-base', 'true']);
    const { LowerDir } = JSON.parse(await store.ok(['inspect', changed]))[0].GraphDriver.Data;
    const work = mkdtempSync(join(store.root, 'work-'));
    const mount = `mount -t overlay overlay -o lowerdir=${LowerDir},upperdir=${upper(changed)},workdir=${work} ${place}`;
    execFileSync('unshare', ['--mount', 'sh', '-ec', `${mount}; cd ${place}; ${HOSTILE}`]);
    rmSync(work, { recursive: true });
    await store.ok(['commit', 'changed', 'hostile']);
    await store.ok(['create', '--name', 'again', 'hostile', 'true']);
    expect(await diff('again')).toEqual([]);
    expect(await tree('again')).toEqual(await tree('changed'));
    expect(await store.ok(['run', '--rm', 'hostile', 'cat', '/behind/file'])).toBe('5');
  });

  it('stands alone: its image goes with its layer, and works without that which it was made of', async () => {
    const before = layers();
    await store.ok(['run', '--name', 'it', busybox, 'sh', '-c', CHANGE]);
    await store.ok(['commit', 'it', 'alone']);
    await store.ok(['rm', 'it']);
    expect(layers()).toHaveLength(before.length + 1);
    await store.ok(['rmi', 'alone']);
    expect(layers()).toEqual(before);
  });

  it.each([
    [['-c', 'FOO x', 'it'], 'foo is not a valid change command'],
    [['it', 'Upper:1'], 'lower'],
    [['it', `x@sha256:${'0'.repeat(64)}`], 'cannot be named by a digest'],
    [['nobody'], 'no such container: nobody'],
    [['--pause=maybe', 'it'], 'invalid boolean value "maybe" for --pause'],
  ])('refuses %j and leaves nothing', async (words, message) => {
    await store.ok(['run', '--name', 'it', busybox, 'sh', '-c', CHANGE]);
    const before = [layers(), await store.ok(['images', '-q'])];
    const { code, stderr } = await store.skiff(['commit', ...words]);
    expect(code).not.toBe(0);
    expect(stderr.toLowerCase()).toContain(message.toLowerCase());
    expect([layers(), await store.ok(['images', '-q'])]).toEqual(before);
  });
});
