import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useLogServers } from '../helpers/log-server.ts';
import { printed, useStore } from '../helpers/skiff.ts';
import { until } from '../helpers/until.ts';

const store = useStore();
const startLogServer = useLogServers();
const busybox = useBusybox(store);

/** Runs a script to its end and leaves the container. */
async function ran(name: string, script: string, ...flags: string[]): Promise<void> {
  await store.ok(['run', '--name', name, ...flags, busybox, 'sh', '-c', script]);
}

async function directoryOf(name: string): Promise<string> {
  const [id = ''] = (await store.ok(['ps', '-aq', '--no-trunc', '--filter', `name=${name}`])).split('\n');
  return join(store.root, 'containers', id);
}

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

describe('logs', () => {
  it('shows the last lines, across rotated and compressed files', async () => {
    await ran('rotated', 'seq 1 3000', '--log-opt', 'max-size=20k', '--log-opt', 'max-file=50');
    await ran(
      'packed',
      'for i in 1 2 3; do seq 1 1000; done',
      '--log-driver',
      'local',
      '--log-opt',
      'max-size=20k',
    );
    const directory = await directoryOf('packed');
    await until(
      () =>
        readdirSync(directory).includes('log.0000000001.gz') &&
        !existsSync(join(directory, 'log.0000000001')),
    );
    for (const name of ['rotated', 'packed']) {
      const [lines] = [(await store.ok(['logs', name])).split('\n')];
      expect(lines.slice(-1000)).toEqual(name === 'rotated' ? numbers(2001, 3000) : numbers(1, 1000));
      for (const count of [1, 700, 900])
        expect((await store.ok(['logs', '-n', `${count}`, name])).split('\n')).toEqual(lines.slice(-count));
    }
    expect((await store.ok(['logs', 'rotated'])).split('\n')).toEqual(numbers(1, 3000));
    expect(await store.ok(['logs', '--tail', '0', 'rotated'])).toBe('');
  });

  it('says when lines were written, and shows those of a time', async () => {
    await ran('times', 'echo one; echo two; echo three');
    const stamped = (await store.ok(['logs', '-t', 'times'])).split('\n');
    for (const line of stamped)
      expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (one|two|three)$/);
    const [, second = ''] = stamped.map((line) => line.split(' ')[0]);
    expect(await store.ok(['logs', '--since', second, 'times'])).toBe('two\nthree');
    expect(await store.ok(['logs', '--until', second, 'times'])).toBe('one\ntwo');
    expect(await store.ok(['logs', '--since', '1h', '--until', second, '-n', '2', 'times'])).toBe('two');
    expect(await store.ok(['logs', '--until', '1h', 'times'])).toBe('');
  });

  it('shows what the driver adds to lines', async () => {
    const wishes = [
      '-l',
      'team=a b',
      '-e',
      'TIER=1',
      '--log-opt',
      'labels=team',
      '--log-opt',
      'env-regex=^TI',
    ];
    await ran('detailed', 'echo line', ...wishes, '--log-opt', 'tag={{.Name}}/{{.ImageName}}');
    expect(await store.ok(['logs', '--details', 'detailed'])).toBe(
      `TIER=1,tag=detailed%2F${encodeURIComponent(busybox)},team=a+b line`,
    );
  });

  it('puts several containers in the order of time, with their names', async () => {
    await ran('first', 'echo a');
    await ran('second', 'echo b; echo c >&2');
    await store.ok(['run', '--name', 'gate', busybox, 'true']);
    const { stdout, stderr } = await store.skiff(['logs', 'second', 'first']);
    expect(stdout).toBe('first  | a\nsecond | b\n');
    expect(stderr).toBe('second | c\n');
  });

  it('is followed across restarts to the end of the container', async () => {
    await store.ok([
      ...['run', '-d', '--name', 'again', '--restart', 'on-failure:2', busybox],
      ...['sh', '-c', 'echo run; exit 1'],
    ]);
    expect(await store.ok(['logs', '-f', 'again'])).toBe('run\nrun\nrun');
  });

  it('is followed across many rotations without losing a line', async () => {
    const script = 'trap "seq 1 20000; exit" USR1; echo ready; while :; do sleep 1 & wait; done';
    const rotation = ['--log-opt', 'max-size=100k', '--log-opt', 'max-file=100'];
    await store.ok(['run', '-d', '--name', 'stream', ...rotation, busybox, 'sh', '-c', script]);
    const follow = store.start(['logs', '-f', 'stream']);
    await printed(follow, 'ready');
    await store.ok(['kill', '-s', 'USR1', 'stream']);
    const { stdout } = await follow;
    expect(String(stdout).trimEnd().split('\n')).toEqual(['ready', ...numbers(1, 20000)]);
  });

  it('ends at once when its reader is gone, also while it waits', async () => {
    await store.ok(['run', '-d', '--name', 'waits', busybox, 'sh', '-c', 'echo one; sleep 1000']);
    const { stdout } = await store.start(['logs', '-f', 'waits'], {
      through: ['sh', '-c', '"$@" | head -1', 'sh'],
    });
    expect(stdout).toBe('one\n');
    await store.ok(['rm', '-f', 'waits']);
  });

  it('of a driver that gives nothing back is refused', async () => {
    await ran('silent', 'echo lost', '--log-driver', 'none');
    expect(existsSync(join(await directoryOf('silent'), 'log'))).toBe(false);
    const { code, stderr } = await store.skiff(['logs', 'silent']);
    expect(code).not.toBe(0);
    expect(stderr).toContain('the log driver of container silent, none, does not support reading');
  });
});

describe('a log driver', () => {
  it.each([
    [['--log-driver', 'gelf'], 'there is no log driver gelf'],
    [['--log-opt', 'max-sizes=1m'], 'log driver json-file has no option max-sizes'],
    [['--log-opt', 'max-size=many'], 'log option max-size cannot be "many"'],
    [['--log-opt', 'tag={{.Nome}}'], 'log option tag does not understand {{.Nome}}'],
    [['--log-driver', 'none', '--log-opt', 'tag=x'], 'log driver none has no option tag'],
  ])('is refused before anything exists: %j', async (flags, message) => {
    const { code, stderr } = await store.skiff(['run', '--name', 'refused', ...flags, busybox, 'true']);
    expect(code).toBe(125);
    expect(stderr).toContain(message);
    expect(await store.ok(['ps', '-aq', '--filter', 'name=refused'])).toBe('');
  });

  it('syslog gets what the container writes', async () => {
    const server = await startLogServer('udp');
    const address = `syslog-address=udp://localhost:${server.address}`;
    await ran(
      'sender',
      'echo hello',
      '--log-driver',
      'syslog',
      '--log-opt',
      address,
      '--log-opt',
      'tag={{.Name}}',
    );
    expect(`${await server.next()}`).toMatch(/^<30>.* sender\[\d+\]: hello\n$/);
  });

  it('that cannot be reached fails the start', async () => {
    const flags = ['--log-driver', 'syslog', '--log-opt', 'syslog-address=unix:///run/nobody-listens'];
    const { code, stderr } = await store.skiff(['run', '--rm', ...flags, busybox, 'true']);
    expect(code).toBe(125);
    expect(stderr).toContain('unix:///run/nobody-listens');
  });
});
