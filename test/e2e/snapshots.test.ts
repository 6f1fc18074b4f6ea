import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { HOSTILE, HOSTILE_BASE } from '../helpers/hostile-tree.ts';
import { LONG } from '../helpers/long.ts';
import { namesIn, useStore } from '../helpers/skiff.ts';
import { describeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const busybox = useBusybox(store);

afterEach(async () => {
  const ids = await store.ok(['ps', '-aq']);
  if (ids !== '') await store.ok(['rm', '-f', ...ids.split('\n')]);
});

const lines = (text: string) => text.split('\n').filter(Boolean);
const upper = (id: string) => join(store.root, 'containers', id, 'upper');
const kept = (id: string, name: string) => join(store.root, 'containers', id, 'snapshots', name);
const diff = async (target: string) => lines(await store.ok(['diff', target]));
const snapshots = async (...words: string[]) => lines(await store.ok(['snapshot', 'ls', '-q', ...words]));

/** Runs a script in the upper directory of a container that does not run. */
function change(id: string, script: string): void {
  execFileSync('sh', ['-ec', script], { cwd: upper(id), stdio: ['ignore', 'ignore', 'inherit'] });
}

/** What has happened to a container, of some kinds. */
async function actions(id: string, ...kinds: string[]): Promise<string[]> {
  const filters = [`container=${id}`, ...kinds.map((kind) => `event=${kind}`)].flatMap((one) => [
    '--filter',
    one,
  ]);
  return lines(
    await store.ok(['events', '--since', '1h', '--until', '0s', '--format', '{{.Action}}', ...filters]),
  );
}

/** Resolves when a command copies files, or has ended. */
async function copying(command: PromiseLike<unknown>): Promise<void> {
  const below = (path: string) => namesIn(path).map((name) => join(path, name));
  const drafts = () => below(join(store.root, 'tmp')).flatMap(below);
  let ended = false;
  void command.then(() => {
    ended = true;
  });
  await until(() => ended || drafts().some((draft) => namesIn(draft).length > 0));
}

describe('snapshot', () => {
  it('keeps the files of a container, whatever it is doing, and undo gives them back once it is stopped', async () => {
    const script = 'rm -r /etc; mkdir /etc; echo 1 >/etc/mine; rm /bin/vi; echo done; exec sleep 1000';
    const id = await store.ok(['create', '--name', 'it', busybox, 'sh', '-c', script]);
    expect(await store.ok(['snapshot', 'it', 'created'])).toBe('created');
    await store.ok(['start', 'it']);
    const logs = store.start(['logs', '-f', 'it']);
    for await (const line of logs) if (line === 'done') break;
    const changed = await diff('it');
    expect(changed).toEqual(expect.arrayContaining(['D /bin/vi', 'C /etc', 'A /etc/mine', 'D /etc/passwd']));
    expect(await diff('it@created')).toEqual(changed);

    await store.ok(['snapshot', '--no-pause', 'it', 'running']);
    expect(await actions(id, 'pause', 'snapshot')).toEqual(['snapshot', 'snapshot']);
    const byTime = await store.ok(['container', 'snapshot', 'it']);
    expect(byTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\dZ$/);
    const kinds = ['pause', 'unpause', 'snapshot'];
    expect((await actions(id, ...kinds)).slice(-3)).toEqual(['pause', 'unpause', 'snapshot']);
    await store.ok(['pause', 'it']);
    await store.ok(['snapshot', 'it', 'paused']);
    expect(await store.ok(['ps', '--format', '{{.Status}}'])).toContain('(Paused)');
    expect(await diff('it@paused')).toEqual([]);
    await store.ok(['unpause', 'it']);

    const refused = await store.skiff(['undo', 'it@created']);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('hint: stop it first')]);
    await store.ok(['stop', '-t', '0', 'it']);
    change(id, 'echo 2 >after; rm -r etc');
    const stopped = describeTree(upper(id));
    const before = await store.ok(['undo', 'it@created']);
    expect(before).toMatch(/^it@before-undo-/);
    expect(await diff('it')).toEqual([]);
    expect(await diff('it@running')).toEqual(
      expect.arrayContaining(['A /bin/vi', 'D /etc/mine', 'A /etc/passwd']),
    );
    expect(describeTree(kept(id, before.slice(3)))).toEqual(stopped);
    await store.ok(['undo', 'it']);
    expect(describeTree(upper(id))).toEqual(stopped);
    await store.ok(['undo', 'it@paused']);
    expect(await diff('it')).toEqual(changed);
    const [last, ...earlier] = await snapshots('it');
    expect(last).toMatch(/^it@before-undo-/);
    expect(earlier.slice(-4)).toEqual(['it@paused', `it@${byTime}`, 'it@running', 'it@created']);
    expect(await actions(id, 'undo')).toEqual(['undo', 'undo', 'undo']);
  });

  it('leaves nothing out, and what comes back is the same', async () => {
    const id = await store.ok(['create', '--name', 'it', busybox, 'true']);
    const socket = 'import socket; socket.socket(socket.AF_UNIX).bind("socket")';
    const overlay = `mknod gone c 0 0; mkdir hidden; setfattr -n trusted.overlay.opaque -v y hidden; chmod 711 .
      setfattr -n trusted.overlay.origin -v 0x00fb01 hidden`;
    change(id, `${HOSTILE_BASE}\n${HOSTILE}\npython3 -c '${socket}'\n${overlay}`);
    const whole = describeTree(upper(id));
    await store.ok(['snapshot', 'it', 'whole']);
    expect(describeTree(kept(id, 'whole'))).toEqual(whole);
    change(id, 'find . -mindepth 1 -delete; chmod 755 .; echo 1 >new');
    // What is written in place is not written in the snapshot.
    expect(describeTree(kept(id, 'whole'))).toEqual(whole);
    await store.ok(['undo', 'it@whole']);
    expect(describeTree(upper(id))).toEqual(whole);
    change(id, 'echo more >>changed; chmod 600 changed');
    expect(describeTree(kept(id, 'whole'))).toEqual(whole);
    const size = await store.ok(['snapshot', 'ls', '--format', '{{.Container}} {{.Kind}} {{.Size}}']);
    expect(lines(size)).toEqual([
      expect.stringMatching(/^it undo [1-9]/),
      expect.stringMatching(/^it asked [1-9]\d*(\.\d+)?kB$/),
    ]);
  });

  it.each([
    ['through id maps', {}],
    ['as copies with shifted owners', { SKIFF_IDMAP: 'copy' }],
  ])('keeps the owners of a user namespace that sees its layers %s', async (_, env) => {
    const maps = ['--uidmap', '0:100000:65536', '--gidmap', '0:200000:65536'];
    const script = 'test -e /a || { echo 1 >/a; chown 7:8 /a; rm /bin/vi; }; stat -c %u:%g / /a; ls /bin/vi';
    await store.skiff(['run', ...maps, '--name', 'it', busybox, 'sh', '-c', script], { env });
    await store.ok(['snapshot', 'it', 'one']);
    const id = await store.ok(['ps', '-aq', '--no-trunc']);
    const whole = describeTree(upper(id));
    change(id, 'rm -r *');
    expect(await diff('it@one')).toEqual(['D /a', 'C /bin', 'A /bin/vi']);
    await store.ok(['undo', 'it@one']);
    expect(describeTree(upper(id))).toEqual(whole);
    const { stdout, stderr } = await store.skiff(['start', '-a', 'it'], { env });
    expect([stdout, stderr]).toEqual(['0:0\n7:8\n', expect.stringContaining('No such file')]);
  });

  it('is made before each start when the container is to have it so, and the last ones stay', async () => {
    const words = ['--snapshot-on-start=2', '--name', 'it', busybox, 'sh', '-c', 'echo run >>/log; cat /log'];
    expect(lines(await store.ok(['run', ...words]))).toHaveLength(1);
    expect(await snapshots('it')).toHaveLength(1);
    for (const runs of [2, 3]) expect(lines(await store.ok(['start', '-a', 'it']))).toHaveLength(runs);
    const [newest = '', older, ...more] = await snapshots('--filter', 'container=it');
    expect([newest, older, more]).toEqual([
      expect.stringMatching(/^it@before-start-/),
      expect.stringMatching(/^it@before-start-/),
      [],
    ]);
    await store.ok(['undo', newest]);
    expect(lines(await store.ok(['start', '-a', 'it']))).toHaveLength(3);
  });

  it('says what cannot be', async () => {
    await store.ok(['create', '--name', 'it', busybox, 'true']);
    await store.ok(['snapshot', 'it', 'one']);
    const said = async (...args: string[]) => {
      const { code, stderr } = await store.skiff(args);
      return [code, stderr.split('\n')[0]];
    };
    expect(await said('snapshot', 'it', 'one')).toEqual([1, 'skiff: there is a snapshot it@one already']);
    expect(await said('snapshot', 'it', 'o/e')).toEqual([125, `skiff: "o/e" cannot be a snapshot's name`]);
    expect(await said('snapshot', 'nobody')).toEqual([1, 'skiff: no such container: nobody']);
    expect(await said('undo', 'it@two')).toEqual([1, 'skiff: no such snapshot: it@two']);
    expect(await said('diff', 'it@two')).toEqual([1, 'skiff: no such snapshot: it@two']);
    expect(await said('undo', 'it@')).toEqual([125, 'skiff: "it@" is no snapshot']);
    expect(await said('snapshot', 'rm', 'it')).toEqual([125, 'skiff: "it" does not say which snapshot']);
    expect(await said('snapshot', 'rm', 'it@two', 'it@one')).toEqual([1, 'skiff: no such snapshot: it@two']);
    expect(await said('undo', 'it')).toEqual([1, 'skiff: container it has no snapshots']);
    expect(await said('run', '--snapshot-on-start=0x', busybox)).toEqual([
      125,
      'skiff: invalid number of snapshots: "0x"',
    ]);
  });

  it('that is interrupted leaves nothing, and the container goes on', async () => {
    const id = await store.ok(['create', '--name', 'it', busybox, 'sleep', '1000']);
    change(id, 'i=0; while [ $i -lt 1000 ]; do echo $i >$i; i=$((i+1)); done');
    await store.ok(['start', 'it']);
    const running = store.start(['snapshot', 'it', 'one']);
    await copying(running);
    running.kill('SIGINT');
    const { exitCode } = await running;
    expect(await store.ok(['ps', '--format', '{{.Status}}'])).not.toContain('(Paused)');
    expect(await snapshots()).toEqual(exitCode === 0 ? ['it@one'] : []);
    expect(namesIn(join(store.root, 'tmp'))).toEqual([]);
  });

  it('has one moment of a container that is stopped meanwhile, which stop does not wait for', async () => {
    const script = 'trap "echo 2 >/a; echo 2 >/z; exit 0" TERM; while :; do sleep 0.1; done';
    const id = await store.ok(['create', '--name', 'it', busybox, 'sh', '-c', script]);
    change(id, 'echo 1 >a; echo 1 >z; mkdir m; cd m; seq 1 10000 | xargs touch');
    await store.ok(['start', 'it']);
    const running = store.start(['snapshot', 'it', 'one']);
    await copying(running);
    await store.ok(['stop', 'it']);
    expect((await running).exitCode).toBe(0);
    const said = (name: string) => readFileSync(join(kept(id, 'one'), name), 'utf8');
    expect(said('a')).toBe(said('z'));
    expect(readdirSync(join(kept(id, 'one'), 'm'))).toHaveLength(10_000);
  });
});

describe('kill -9', () => {
  const MOMENTS = LONG ? 100 : 8;
  const FILES = 100;

  /** What all of the files in a directory say. */
  function said(directory: string): string {
    const names = readdirSync(directory);
    const words = new Set(names.map((name) => readFileSync(join(directory, name), 'utf8')));
    return `${names.length} ${[...words].join(' ')}`;
  }
  const THEN = `${FILES} then`;
  const NOW = `${FILES} now`;

  /** A container that has many files, all of which say `then`, and a snapshot of that, and which say `now` by now. */
  async function prepare(): Promise<string> {
    const id = await store.ok(['create', '--name', 'it', busybox, 'true']);
    const write = (word: string) => {
      for (let file = 0; file < FILES; file++) writeFileSync(join(upper(id), `f${file}`), word);
    };
    write('then');
    await store.ok(['snapshot', 'it', 'then']);
    write('now');
    return id;
  }

  /** Kills a command once a part of its usual time is over. */
  async function kill(args: readonly string[], afterMs: number): Promise<void> {
    const running = store.start(args);
    const timer = setTimeout(() => running.kill('SIGKILL'), afterMs);
    await running;
    clearTimeout(timer);
  }

  async function duration(args: readonly string[]): Promise<number> {
    const begin = performance.now();
    await store.ok(args);
    return performance.now() - begin;
  }

  const names = async () => (await snapshots('it')).map((one) => one.slice(3));

  it('of an undo leaves what was, or what was to be, and then what was as a snapshot; never less', async () => {
    const id = await prepare();
    const whole = await duration(['undo', 'it@then']);
    let newest = (await names())[0] ?? '';
    expect([said(upper(id)), said(kept(id, newest))]).toEqual([THEN, NOW]);
    for (let moment = 0; moment < MOMENTS; moment++) {
      const was = said(upper(id));
      // The newest always has what the container has not.
      await kill(['undo', 'it'], (whole * moment) / MOMENTS);
      const is = said(upper(id));
      const listed = await names();
      if (is === was) expect(listed[0]).toBe(newest);
      newest = listed[0] ?? '';
      expect([is, said(kept(id, newest))].sort()).toEqual([NOW, THEN]);
      for (const name of listed) expect([NOW, THEN]).toContain(said(kept(id, name)));
      expect(said(kept(id, 'then'))).toBe(THEN);
    }
    await store.ok(['start', '-a', 'it']);
  });

  it('of a snapshot leaves all of it, or none', async () => {
    const id = await prepare();
    const whole = await duration(['snapshot', 'it', 'whole']);
    for (let moment = 0; moment < MOMENTS; moment++)
      await kill(['snapshot', 'it', `s${moment}`], (whole * moment) / MOMENTS);
    for (const name of await names()) expect(said(kept(id, name))).toBe(name === 'then' ? THEN : NOW);
    expect(said(upper(id))).toBe(NOW);
    // What has no row is garbage, and its name is free.
    mkdirSync(kept(id, 'half'));
    await store.ok(['doctor', '--fix']);
    expect(readdirSync(kept(id, '')).sort()).toEqual((await names()).sort());
    expect(namesIn(join(store.root, 'tmp'))).toEqual([]);
    await store.ok(['snapshot', 'it', 'half']);
  });

  it('of a snapshot lets a container that runs go on', async () => {
    const id = await store.ok(['create', '--name', 'it', busybox, 'sleep', '1000']);
    change(id, 'mkdir m; cd m; seq 1 10000 | xargs touch');
    await store.ok(['start', 'it']);
    const running = store.start(['snapshot', 'it', 'one']);
    await copying(running);
    running.kill('SIGKILL');
    await running;
    // It has the lock next, and refuses what is paused.
    expect(await store.ok(['pause', 'it'])).toBe('it');
    await store.ok(['doctor', '--fix']);
  });
});
