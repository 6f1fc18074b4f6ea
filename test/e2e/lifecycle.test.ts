import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { printed, useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

/** Waits on the FIFO, ends with 7 on SIGTERM, prints its pid's signal. */
const POLITE = 'trap "echo bye; exit 7" TERM; echo ready; while :; do sleep 1 & wait; done';

/** Starts a container in the background and returns once it has written its first line. */
async function startReady(name: string, script: string, ...flags: string[]): Promise<void> {
  await store.ok(['run', '-d', '--name', name, ...flags, busybox, 'sh', '-c', script]);
  const follow = store.start(['logs', '-f', name]);
  await printed(follow, '\n');
  follow.kill();
  await follow;
}

describe('a container in the background', () => {
  it('is listed while it runs and, with -a, when it has ended', async () => {
    await startReady('listed', POLITE);
    const [header, line] = (await store.ok(['ps'])).split('\n');
    expect(header).toBe(
      'CONTAINER ID   IMAGE'.padEnd(header?.indexOf('COMMAND') ?? 0) +
        header?.slice(header.indexOf('COMMAND')),
    );
    expect(line).toMatch(/^[0-9a-f]{12} .*busybox.* "sh -c .* Up .* listed$/);
    expect(await store.ok(['stop', 'listed'])).toBe('listed');
    expect(await store.ok(['ps', '-q'])).toBe('');
    expect(await store.ok(['ps', '-a'])).toMatch(/Exited \(7\) .* ago\s+listed$/m);
    expect(await store.ok(['ps', '-aq', '--no-trunc'])).toMatch(/^[0-9a-f]{64}$/);
    await store.ok(['rm', 'listed']);
  });

  it('gets its stop signal first, and SIGKILL when it does not listen', async () => {
    await startReady('polite', POLITE);
    await store.ok(['stop', 'polite']);
    expect(await store.ok(['logs', 'polite'])).toBe('ready\nbye');
    expect(await store.ok(['wait', 'polite'])).toBe('7');
    await startReady('deaf', 'trap "" TERM; echo ready; while :; do sleep 1; done');
    await store.ok(['stop', '-t', '1', 'deaf']);
    expect(await store.ok(['wait', 'deaf'])).toBe('137');
    await store.ok(['rm', 'polite', 'deaf']);
  });

  it('leaves its exit code to whoever waits after it went with its end', async () => {
    const start = (script: string) => store.ok(['run', '-d', '--rm', busybox, 'sh', '-c', script]);
    const ended = await start('exit 4');
    const events = store.start(['events', '--filter', `container=${ended}`, '--since', '0']);
    await printed(events, 'container destroy');
    events.kill();
    await events;
    await store.ok(['ps', '-a']);
    await store.ok(['run', '--rm', busybox, 'true']);
    const running = await start('sleep 0.2; exit 5');
    expect(await store.ok(['wait', ended, running])).toBe('4\n5');
    expect(await store.ok(['why', ended])).toMatch(/with exit code 4\.\nIt was removed with its end/);
    const { code, stderr } = await store.skiff(['logs', ended]);
    expect(code).toBe(1);
    expect(stderr).toContain('it ended with exit code 4 and was removed, as --rm says');
  });

  it('gets the signal that kill names', async () => {
    await startReady('killed', 'trap "echo usr1" USR1; echo ready; while :; do sleep 1 & wait; done');
    const follow = store.start(['logs', '-f', 'killed']);
    const heard = printed(follow, 'usr1');
    await store.ok(['kill', '-s', 'USR1', 'killed']);
    await heard;
    await store.ok(['kill', 'killed']);
    expect(await store.ok(['wait', 'killed'])).toBe('137');
    await follow;
    const again = await store.skiff(['kill', 'killed']);
    expect(again).toMatchObject({ code: 1 });
    expect(again.stderr).toContain('is not running');
    expect((await store.skiff(['kill', '-s', 'NOPE', 'killed'])).stderr).toContain('invalid signal: NOPE');
    await store.ok(['rm', 'killed']);
  });

  it('is followed by logs -f to its last line', async () => {
    await store.ok([
      'run',
      '-d',
      '--name',
      'counter',
      busybox,
      'sh',
      '-c',
      'i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done',
    ]);
    const lines = (await store.ok(['logs', '-f', 'counter'])).split('\n');
    expect(lines).toHaveLength(2000);
    expect(lines.at(-1)).toBe('line 1999');
    await store.ok(['rm', 'counter']);
  });

  it('keeps the two streams of its log apart', async () => {
    await store.ok(['run', '-d', '--name', 'streams', busybox, 'sh', '-c', 'echo out; echo err >&2']);
    await store.ok(['wait', 'streams']);
    expect(await store.skiff(['logs', 'streams'])).toMatchObject({ stdout: 'out\n', stderr: 'err\n' });
    await store.ok(['rm', 'streams']);
  });

  it('is not removed while it runs, unless by force', async () => {
    await startReady('busy', POLITE);
    const refused = await store.skiff(['rm', 'busy']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('container busy is running');
    expect(await store.ok(['rm', '-f', 'busy'])).toBe('busy');
    expect((await store.skiff(['inspect', 'busy'])).stderr).toContain(
      'no such container, image, network or volume: busy',
    );
  });

  it('that is not there is no failure for rm -f, which says so', async () => {
    for (const rm of [
      ['rm', '-f'],
      ['container', 'remove', '-f'],
      ['rmi', '-f'],
    ]) {
      const { stdout, stderr, code } = await store.skiff([...rm, 'nowhere']);
      expect([stdout, stderr, code]).toEqual(['', expect.stringContaining('nowhere'), 0]);
    }
    expect((await store.skiff(['rm', 'nowhere'])).code).toBe(1);
  });

  it('is the latest for commands that are about one', async () => {
    await startReady('older', POLITE);
    const script = 'read line; echo "got $line"';
    await store.ok(['run', '-di', '--name', 'newer', busybox, 'sh', '-c', script]);
    expect(await store.ok(['inspect', '-l', '-f', '{{.Name}}'])).toBe('/newer');
    expect(await store.ok(['container', 'inspect', '--latest', '-f', '{{.Name}}'])).toBe('/newer');
    expect(await store.ok(['top', '-l', '--', '-o', 'pid,args'])).toContain(script);
    expect(await store.ok(['why', '-l'])).toContain('newer');
    expect(await store.ok(['stats', '-l', '--no-stream', '--format', '{{.Name}}'])).toBe('newer');
    expect(await store.ok(['exec', '-l', 'sh', '-c', 'echo $1', 'sh', '-l'])).toBe('-l');
    expect(await store.ok(['attach', '-l'], { input: 'it\n' })).toBe('got it');
    for (const [words, message] of [
      [['attach', '-l', 'older'], 'names and --latest cannot be used together'],
      [['attach'], 'no container is named'],
      [['exec', '-l'], "missing required argument 'command'"],
      [['exec'], "missing required argument 'container'"],
      [['inspect'], 'no container is named'],
    ] as const) {
      const { code, stderr } = await store.skiff(words);
      expect([code, stderr]).toEqual([expect.any(Number), expect.stringContaining(message)]);
      expect(code).not.toBe(0);
    }
    await store.ok(['rm', '-f', 'older', 'newer']);
  });

  it('is waited for by several at once', async () => {
    await startReady('awaited', POLITE);
    const waits = [1, 2, 3].map(() => store.ok(['wait', 'awaited']));
    await store.ok(['stop', 'awaited']);
    expect(await Promise.all(waits)).toEqual(['7', '7', '7']);
    await store.ok(['rm', 'awaited']);
  });

  it('is found by name, id and prefix of its id', async () => {
    const id = await store.ok(['run', '-d', '--name', 'known', busybox, 'true']);
    for (const name of ['known', id, id.slice(0, 12), id.slice(0, 20)]) {
      const [container] = JSON.parse(await store.ok(['inspect', name]));
      expect(container).toMatchObject({ Id: id, Name: '/known', Path: 'true', Args: [] });
    }
    await store.ok(['rm', id.slice(0, 12)]);
  });
});

describe('the foreground command', () => {
  it('passes Ctrl-C on to the container', async () => {
    const run = store.start([
      'run',
      '--rm',
      busybox,
      'sh',
      '-c',
      'trap "echo caught; exit 3" INT; echo ready; while :; do sleep 1 & wait; done',
    ]);
    await printed(run, 'ready');
    run.kill('SIGINT');
    const { stdout, exitCode } = await run;
    expect(stdout).toBe('ready\ncaught\n');
    expect(exitCode).toBe(3);
  });

  it('may be killed: the container lives on, and goes at its end with --rm', async () => {
    const run = store.start(['run', '--rm', '--name', 'survivor', busybox, 'sh', '-c', POLITE]);
    await printed(run, 'ready');
    run.kill('SIGKILL');
    await run;
    expect(await store.ok(['ps'])).toMatch(/Up .*survivor$/m);
    await store.ok(['stop', 'survivor']);
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });

  it('passes the closing of its terminal on as a hang-up', async () => {
    const run = store.start([
      'run',
      '--rm',
      busybox,
      'sh',
      '-c',
      'trap "exit 5" HUP; echo ready; while :; do sleep 1 & wait; done',
    ]);
    await printed(run, 'ready');
    run.kill('SIGHUP');
    expect((await run).exitCode).toBe(5);
  });
});
