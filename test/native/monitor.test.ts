import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readText } from '../../src/host/read-text.ts';
import { parseExitRecord } from '../../src/runtime/monitor/records.ts';
import { finished, gone, HELPER, HELPER_IS_STATIC, printed, useRoom } from '../helpers/plan.ts';
import { until } from '../helpers/until.ts';

const room = useRoom();

describe('the log', () => {
  it('has the format of Docker’s json-file driver', async () => {
    const container = room.plan({
      args: ['sh', '-c', String.raw`printf 'a"\\b\t<&>\r\n\001\351x\n'; printf 'é\xe2\x80\xa8' >&2`],
    });
    await container.run();
    const [first = '', second = '', third = ''] = container.log.split('\n');
    expect(first).toMatch(
      /^\{"log":"a\\"\\\\b\\u0009\\u003c\\u0026\\u003e\\r\\n","stream":"stdout","time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z"\}$/,
    );
    expect(second).toContain(String.raw`{"log":"\u0001\ufffdx\n","stream":"stdout"`);
    expect(third).toContain(String.raw`{"log":"é\u2028","stream":"stderr"`);
  });

  it('cuts long lines into pieces of 16 KiB that share a time', async () => {
    const container = room.plan({
      args: ['sh', '-c', 'head -c 40000 /dev/zero | tr "\\0" x; echo; echo next'],
    });
    await container.run();
    const entries = container.log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Entry);
    expect(entries.map(({ log }) => log.length)).toEqual([16384, 16384, 40000 - 32768 + 1, 5]);
    expect(new Set(entries.slice(0, 3).map(({ time }) => time)).size).toBe(1);
  });

  it('keeps every byte of interleaved streams', async () => {
    const container = room.plan({ args: ['sh', '-c', 'seq 1 20000 & seq 1 20000 >&2; wait'] });
    await container.run();
    const entries = container.log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Entry);
    const expected = Array.from({ length: 20000 }, (_, i) => `${i + 1}\n`).join('');
    for (const name of ['stdout', 'stderr']) {
      expect(
        entries
          .filter(({ stream }) => stream === name)
          .map(({ log }) => log)
          .join(''),
      ).toBe(expected);
    }
  });

  it('is rotated by size, and the oldest file goes', async () => {
    const path = join(room.root, 'rotated');
    await room
      .plan({ args: ['seq', '1', '800'], general: [['log', 'json-file', path, '10000', '3', 'plain']] })
      .run();
    const names = readdirSync(room.root)
      .filter((name) => name.startsWith('rotated'))
      .sort();
    expect(names).toEqual(['rotated', 'rotated.0000000004', 'rotated.0000000005']);
    const logs = names.map((name) => readFileSync(join(room.root, name), 'utf8'));
    expect(logs[0]).toContain('"log":"800\\n"');
    for (const text of logs.slice(1)) expect(text.length).toBeLessThan(10000 + 100);
    expect(logs.join('')).not.toContain('"log":"1\\n"');
  });
});

describe('the control socket', () => {
  it('is for its owner only', async () => {
    const container = room.plan({ args: ['sleep', '100'] });
    await container.detach();
    expect(statSync(join(container.runDir, 'ctl')).mode & 0o777).toBe(0o600);
    await container.ask('stop 9 -1');
  });

  it('sends signals, and says what it cannot', async () => {
    const container = room.plan({
      args: ['sh', '-c', 'trap "exit 5" USR1; echo up; while :; do sleep 0.05; done'],
    });
    const child = container.start();
    await printed(child, 'up');
    const result = finished(child);
    for (const nonsense of [
      'signal',
      'signal 0',
      'signal 65',
      'signal 9 9',
      'stop 15',
      'stop x 1',
      'wait 1',
      'dance',
      '',
    ]) {
      expect(await container.ask(nonsense)).toBe('error 22\n');
    }
    expect(await container.ask('signal 10')).toBe('ok\n');
    expect((await result).code).toBe(5);
  });

  it('hangs up on endless lines', async () => {
    const container = room.plan({ args: ['sleep', '100'] });
    await container.detach();
    expect(await container.ask('x'.repeat(500))).toBe('');
    await container.ask('stop 9 0');
  });

  it('stops with a signal, and with SIGKILL when the time is over', async () => {
    const willing = room.plan({
      args: ['sh', '-c', 'trap "exit 6" TERM; echo up; while :; do sleep 0.05; done'],
    });
    const child = willing.start();
    await printed(child, 'up');
    expect(await willing.ask('stop 15 60000')).toBe('exit 6\n');
    const stubborn = room.plan({ args: ['sleep', '100'] });
    await stubborn.detach();
    const start = performance.now();
    expect(await stubborn.ask('stop 15 150')).toBe('exit 137 escalated ignored\n');
    expect(performance.now() - start).toBeGreaterThan(140);
    expect(stubborn.exit).toMatchObject({ code: 137, signal: 9, oom: false });
  });

  it('tells all who wait, after the teardown', async () => {
    const container = room.plan({ args: ['sleep', '100'], teardown: [] });
    await container.detach();
    const waiting = Array.from({ length: 100 }, () => container.ask('wait'));
    await container.ask('signal 18');
    expect(await container.ask('stop 9 1000')).toBe('exit 137\n');
    expect(container.leftovers()).toEqual([]);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['exit 137\n']));
  });

  it('answers although many say nothing', async () => {
    const container = room.plan({ args: ['sleep', '100'] });
    await container.detach();
    const idle = Array.from({ length: 200 }, () =>
      connect(join(container.runDir, 'ctl')).on('error', () => {}),
    );
    await Promise.all(
      idle.map((socket) => new Promise((done) => socket.on('connect', done).on('close', done))),
    );
    expect(await container.ask('stop 9 1000')).toBe('exit 137\n');
    for (const socket of idle) socket.destroy();
  });
});

const UNIFIED = '/sys/fs/cgroup/unified';
const FREEZERS = [
  ...(existsSync('/sys/fs/cgroup/freezer') ? [['v1', '/sys/fs/cgroup/freezer'] as const] : []),
  ...(existsSync(join(UNIFIED, 'cgroup.controllers')) ? [['v2', UNIFIED] as const] : []),
  ...(existsSync('/sys/fs/cgroup/cgroup.controllers') ? [['v2', '/sys/fs/cgroup'] as const] : []),
];

/** Asks for the lock; `granted` says whether it was, or that the monitor has hung up, `release` lets it go. */
function lock(container: { runDir: string }, request = 'lock') {
  const socket = connect(join(container.runDir, 'ctl'));
  const granted = new Promise<boolean>((done) => {
    socket.on('data', (text) => done(String(text) === 'ok\n'));
    socket.on('close', () => done(false));
    socket.on('error', () => done(false));
  });
  socket.write(`${request}\n`);
  return { granted, release: () => socket.end(), destroy: () => socket.destroy() };
}

describe('the lock of a container', () => {
  it('is held by one at a time, in the order in which they came, whichever way each lets go', async () => {
    const container = room.plan({ args: ['sleep', '100'] });
    await container.detach();
    const order: number[] = [];
    const first = lock(container);
    expect(await first.granted).toBe(true);
    const others = [1, 2, 3].map((number) => {
      const other = lock(container);
      void other.granted.then(() => order.push(number));
      return other;
    });
    const [second, gone, last] = others;
    // Answered after what was sent before it: the three are in the queue.
    for (const _ of others) await container.ask('signal 18');
    expect(order).toEqual([]);
    gone?.destroy();
    await container.ask('signal 18');
    first.release();
    expect(await second?.granted).toBe(true);
    await container.ask('signal 18');
    expect(order).toEqual([2, 1]);
    second?.destroy();
    expect(await last?.granted).toBe(true);
    last?.release();
    await container.ask('stop 9 0');
  });

  it('keeps nobody from stopping the container, which ends it for all', async () => {
    const container = room.plan({ args: ['sleep', '100'] });
    await container.detach();
    expect(await lock(container).granted).toBe(true);
    const waiting = lock(container);
    expect(await container.ask('stop 9 1000')).toBe('exit 137\n');
    expect(await waiting.granted).toBe(false);
    expect(container.leftovers()).toEqual([]);
  });

  it.each(FREEZERS)('ends a pause with itself, however it ends (%s)', async (version, parent) => {
    const directory = join(parent, `skiff-native-lock-${process.pid}`);
    const container = room.plan({
      args: ['sleep', '100'],
      general: [['cgroup', version, directory]],
      teardown: [['rmdir-cgroup', directory]],
    });
    await container.detach();
    const [file, frozen, thawed] =
      version === 'v1' ? ['freezer.state', 'FROZEN', 'THAWED'] : ['cgroup.freeze', '1', '0'];
    const freezer = join(directory, file);
    const state = () => readFileSync(freezer, 'utf8').trim();
    const pausing = lock(container, 'lock thaw');
    expect(await pausing.granted).toBe(true);
    writeFileSync(freezer, frozen);
    const next = lock(container, 'lock thaw');
    pausing.destroy();
    expect(await next.granted).toBe(true);
    expect(state()).toBe(thawed);
    next.release();
    const plain = lock(container);
    expect(await plain.granted).toBe(true);
    // Somebody pauses it for good: whoever comes next leaves it so.
    writeFileSync(freezer, frozen);
    plain.release();
    const later = lock(container, 'lock thaw');
    expect(await later.granted).toBe(true);
    later.destroy();
    const last = lock(container);
    expect(await last.granted).toBe(true);
    expect(state()).not.toBe(thawed);
    expect(await container.ask('stop 9 1000')).toBe('exit 137\n');
  });

  it('survives a start by the restart policy', async () => {
    const container = room.plan({
      args: ['sleep', '100'],
      general: [['restart', 'always', '0']],
    });
    await container.detach();
    expect(await lock(container).granted).toBe(true);
    const waiting = lock(container);
    process.kill(container.state.init.pid, 'SIGKILL');
    await until(() => container.state.restarts === 1 && container.state.restarting === undefined);
    expect(await Promise.race([waiting.granted, container.ask('signal 18')])).toBe('ok\n');
    await container.ask('stop 9 0');
    expect(await waiting.granted).toBe(false);
  });
});

describe('a clean-up beside a start whose client was killed', () => {
  it('waits until the monitor has told of itself, and leaves the container to it', async () => {
    const gate = join(room.root, 'gate');
    execFileSync('mkfifo', [gate]);
    const container = room.plan({ args: ['sleep', '100'], setup: [['write', gate, '1']] });
    const client = container.start('detach');
    const lock = new RegExp(`FLOCK .*:${statSync(container.planPath).ino} `);
    await until(() => lock.test(readFileSync('/proc/locks', 'utf8')));
    client.kill('SIGKILL');
    const cleaning = spawn(HELPER, ['cleanup', container.planPath], { stdio: ['ignore', 'pipe', 'pipe'] });
    const result = finished(cleaning);
    // nanosleep(2) or clock_nanosleep(2): it has met the lock, and no record.
    await until(() => /^(35|230) /.test(readText(`/proc/${cleaning.pid}/syscall`) ?? ''));
    expect(readFileSync(gate, 'utf8')).toBe('1');
    expect((await result).code).toBe(3);
    expect(await container.ask('stop 9 1000')).toBe('exit 137\n');
  });
});

describe('the end of a container', () => {
  it('is recorded as out of memory when the kernel killed for it', async () => {
    const hungry = 'x=a; while :; do x=$x$x; done';
    const container = room.plan({ args: ['sh', '-c', hungry], memory: 16 << 20 });
    expect((await container.run()).code).toBe(137);
    expect(container.exit).toMatchObject({ code: 137, signal: 9, oom: true });
  });

  it('does not come before the limit of processes stops a fork loop', async () => {
    const script = 'i=0; while [ $i -lt 50 ]; do sleep 100 & i=$((i+1)); done; echo all';
    const container = room.plan({ args: ['sh', '-c', script], pids: 10 });
    const { stdout, stderr } = await container.run();
    expect(stdout.toString()).not.toContain('all');
    expect(stderr).toContain("can't fork");
    expect(container.leftovers()).toEqual([]);
  });

  it('takes processes along that share the host’s pid namespace', async () => {
    const container = room.plan({
      args: ['sh', '-c', 'sleep 100 & echo $!'],
      namespaces: ['mount', 'uts', 'ipc', 'net', 'cgroup'],
    });
    const pid = Number((await container.run()).stdout.toString());
    await gone(pid);
    expect(container.leftovers()).toEqual([]);
  });

  it('removes the container’s files and leaves the mark, when the plan says so', async () => {
    const trash = join(room.root, 'trash');
    mkdirSync(trash, { recursive: true });
    const container = room.plan({ args: ['sh', '-c', 'mkdir -p /d/e; echo x > /d/e/f'] });
    const mark = join(room.root, container.id);
    const removed = room.plan({
      args: ['sh', '-c', 'exit 7'],
      general: [['exit-record', container.path('exit')]],
      teardown: [
        ['remove-tree', container.directory, trash],
        ['touch', mark],
      ],
    });
    await container.run();
    await removed.run();
    expect([existsSync(container.directory), readdirSync(trash)]).toEqual([false, []]);
    expect(parseExitRecord(readFileSync(mark, 'utf8'))).toMatchObject({ code: 7, oom: false });
    expect(removed.leftovers()).toEqual([]);
  });

  it.each([
    ['the end that it was killed with', false, 137],
    ['the end that was told before', true, 5],
  ])('leaves a mark with %s when a killed monitor is cleaned up after', async (_, isTold, code) => {
    const [trash, files, mark] = ['trash', `files-${code}`, `mark-${code}`].map((name) =>
      join(room.root, name),
    );
    for (const path of [trash, files]) mkdirSync(path ?? '', { recursive: true });
    const removed = room.plan({
      args: ['sleep', '1000'],
      general: [['exit-record', join(files ?? '', 'exit')]],
      teardown: [
        ['remove-tree', files ?? '', trash ?? ''],
        ['touch', mark ?? ''],
      ],
    });
    await removed.detach();
    const { monitor } = removed.state;
    process.kill(monitor.pid, 'SIGKILL');
    await gone(monitor.pid);
    // As when it was killed between the removal of the directory and the mark.
    if (isTold) {
      rmSync(files ?? '', { recursive: true });
      writeFileSync(join(removed.runDir, 'exit'), 'code 5\noom 0\nstarted 1\nfinished 2\n');
    }
    expect((await removed.cleanup()).code).toBe(0);
    expect(parseExitRecord(readFileSync(mark ?? '', 'utf8'))).toMatchObject({ code });
    expect(removed.leftovers()).toEqual([]);
  });

  it('leaves an empty mark of what could not be started', async () => {
    const mark = join(room.root, 'never');
    const failing = room.plan({ args: ['no-such-command'], teardown: [['touch', mark]] });
    await failing.run();
    expect(readFileSync(mark, 'utf8')).toBe('');
  });

  it('is stopped as the plan says when the monitor is asked to end', async () => {
    const container = room.plan({
      args: ['sh', '-c', 'trap "exit 8" TERM; echo up; while :; do sleep 0.05; done'],
    });
    const child = container.start();
    await printed(child, 'up');
    process.kill(container.state.monitor.pid, 'SIGTERM');
    expect((await finished(child)).code).toBe(8);
  });

  it('replaces the record of an earlier run', async () => {
    const container = room.plan({ args: ['sh', '-c', 'exit 3'] });
    await container.run();
    const again = room.plan({ args: ['sleep', '100'], general: [['exit-record', container.path('exit')]] });
    await again.detach();
    expect(existsSync(container.path('exit'))).toBe(false);
    await again.ask('stop 9 1000');
    expect(container.exit.code).toBe(137);
  });
});

describe('cleanup', () => {
  it('completes what a killed monitor could not', async () => {
    const container = room.plan({ args: ['sleep', '100'] });
    await container.detach();
    const { monitor, init } = container.state;
    process.kill(monitor.pid, 'SIGKILL');
    await gone(monitor.pid);
    expect((await container.cleanup()).code).toBe(0);
    expect(existsSync(`/proc/${init.pid}/exe`)).toBe(false);
    expect(container.exit).toMatchObject({ code: 137, signal: 9 });
    expect(container.leftovers()).toEqual([]);
    expect((await container.cleanup()).code).toBe(0);
  });

  it('is done once when many do it at once', async () => {
    const container = room.plan({ args: ['sleep', '100'] });
    await container.detach();
    const { monitor } = container.state;
    process.kill(monitor.pid, 'SIGKILL');
    await gone(monitor.pid);
    const results = await Promise.all(Array.from({ length: 5 }, () => container.cleanup()));
    expect(results.map(({ code, stderr }) => [code, stderr])).toEqual(Array(5).fill([0, '']));
    expect(container.leftovers()).toEqual([]);
  });

  it('refuses to touch what a living monitor has', async () => {
    const container = room.plan({ args: ['sleep', '100'] });
    await container.detach();
    const { code, stderr } = await container.cleanup();
    expect(code).toBe(3);
    expect(stderr).toMatch(new RegExp(`^skiff-helper: lock: ${container.id}: .*busy\n$`));
    expect(await container.ask('stop 9 1000')).toBe('exit 137\n');
  });

  it('removes what a plan that was never started left', async () => {
    const container = room.plan({ args: ['true'] });
    expect((await container.cleanup()).code).toBe(0);
    expect([existsSync(container.runDir), existsSync(container.path('exit'))]).toEqual([false, false]);
  });

  it('is done by the foreground whose monitor was killed', async () => {
    const container = room.plan({ args: ['sh', '-c', 'echo up; sleep 100'] });
    const child = container.start();
    await printed(child, 'up');
    process.kill(container.state.monitor.pid, 'SIGKILL');
    const { code, stderr } = await finished(child);
    expect([code, stderr]).toEqual([
      137,
      `skiff-helper: the monitor of ${container.id.slice(0, 12)} was killed\n`,
    ]);
    expect(container.leftovers()).toEqual([]);
  });
});

describe('the monitor', () => {
  it('is alone: no terminal, no descriptor, no directory of whoever started it', async () => {
    const container = room.plan({ args: ['sleep', '100'] });
    await container.detach();
    const { pid } = container.state.monitor;
    const links = execFileSync('ls', ['-l', `/proc/${pid}/fd`, `/proc/${pid}/cwd`], { encoding: 'utf8' });
    expect(links.match(/-> \/dev\/null/g)).toHaveLength(3);
    expect(links).toMatch(/cwd -> \/\n/);
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    const [, , group, session, terminal] = fields.map(Number);
    expect([group, session, terminal]).toEqual([pid, pid, 0]);
    await container.ask('stop 9 1000');
  });

  // The program's own pages count for each of those that share them: a single monitor has 0.1 MB of them more.
  it.runIf(HELPER_IS_STATIC)('needs less than 0.2 MB, with a few others', async () => {
    const containers = Array.from({ length: 4 }, () =>
      room.plan({ args: ['sh', '-c', 'seq 1 10000; echo up; sleep 100'] }),
    );
    const results = [];
    for (const container of containers) {
      const child = container.start();
      await printed(child, 'up');
      results.push(finished(child));
    }
    for (const { state } of containers) {
      const memory = readFileSync(`/proc/${state.monitor.pid}/smaps_rollup`, 'utf8');
      expect(Number(/^Pss: +(\d+) kB/m.exec(memory)?.[1])).toBeLessThan(200);
      expect(Number(/^Pss_Anon: +(\d+) kB/m.exec(memory)?.[1])).toBeLessThan(140);
    }
    for (const container of containers) await container.ask('stop 9 1000');
    await Promise.all(results);
  });

  it('stays responsive with a client that does not read', async () => {
    const container = room.plan({ args: ['sh', '-c', 'echo up; head -c 20000000 /dev/zero'] });
    const child = container.start();
    await new Promise((done) => child.stdout?.once('readable', done));
    expect(await container.ask('signal 0x9')).toBe('error 22\n');
    expect(await container.ask('stop 9 1000')).toBe('exit 137\n');
    expect((await finished(child)).code).toBe(137);
  });
});

interface Entry {
  log: string;
  stream: string;
  time: string;
}
