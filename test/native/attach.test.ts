import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { finished, HELPER, type PlannedContainer, printed, useRoom } from '../helpers/plan.ts';
import { until } from '../helpers/until.ts';

const room = useRoom();

function attach(container: PlannedContainer, how: readonly string[] = []) {
  return spawn(HELPER, ['attach', container.runDir, ...how], { stdio: ['pipe', 'pipe', 'pipe'] });
}

/** A container that echoes lines in upper case, and what it said at its end. */
const ECHO = ['sh', '-c', 'while read line; do echo "got $line"; done; echo ended; exit 4'];

describe('a client that attaches', () => {
  it('sees both streams from then on and ends with the container’s code', async () => {
    const container = room.plan({
      args: ['sh', '-c', 'echo before; read line; echo out; echo err >&2; exit 6'],
      stdin: 'open',
    });
    await container.detach();
    const client = attach(container);
    const result = finished(client);
    client.stdin?.write('go\n');
    const { stdout, stderr, code } = await result;
    expect([stdout.toString().replace('before\n', ''), stderr, code]).toEqual(['out\n', 'err\n', 6]);
  });

  it('gets only the streams that it asks for', async () => {
    const script = 'while read line; do echo out; echo "err $line" >&2; [ $line = end ] && exit; done';
    const container = room.plan({ args: ['sh', '-c', script], stdin: 'open' });
    await container.detach();
    const silent = attach(container, ['streams=in,err']);
    const result = finished(silent);
    const heard = new Promise((done) => silent.stderr?.once('data', done));
    silent.stdin?.write('one\n');
    await heard;
    const other = attach(container, ['streams=in,out']);
    const otherResult = finished(other);
    other.stdin?.write('end\n');
    expect((await result).stdout.toString()).toBe('');
    expect((await result).stderr).toBe('err one\nerr end\n');
    expect((await otherResult).stderr).toBe('');
    expect((await otherResult).stdout.toString()).toMatch(/out\n$/);
  });

  it('forwards signals through the control socket, unless it is told not to', async () => {
    const container = room.plan({
      args: ['sh', '-c', 'trap "exit 3" USR1; echo ready; while read line; do echo $line; done'],
      stdin: 'open',
    });
    await container.detach();
    const quiet = attach(container, ['signals=no']);
    quiet.stdin?.write('quiet\n');
    await printed(quiet, 'quiet');
    quiet.kill('SIGUSR1');
    expect((await finished(quiet)).signal).toBe('SIGUSR1');
    const client = attach(container);
    client.stdin?.write('word\n');
    await printed(client, 'word');
    client.kill('SIGUSR1');
    expect((await finished(client)).code).toBe(3);
  });

  it('says when there is nobody to attach to', async () => {
    const never = room.plan({ args: ['true'] });
    const { code, stderr } = await finished(attach(never));
    expect([code, stderr]).toEqual([1, expect.stringContaining('attach: ')]);
    await never.cleanup();
    const gone = room.plan({ args: ['true'] });
    await gone.run();
    expect((await finished(attach(gone))).stderr).toContain('No such file');
  });

  it('cleans up when the monitor is killed', async () => {
    const container = room.plan({
      args: ['sh', '-c', 'while read line; do echo $line; done'],
      stdin: 'open',
    });
    await container.detach();
    const client = attach(container);
    client.stdin?.write('there\n');
    await printed(client, 'there');
    process.kill(container.state.monitor.pid, 'SIGKILL');
    const { code, stderr } = await finished(client);
    expect([code, stderr]).toEqual([137, expect.stringContaining('was killed')]);
    expect(container.leftovers()).toEqual([]);
    expect(container.exit.code).toBe(137);
  });
});

describe('stdin', () => {
  it('ends with that of the client who started the container', async () => {
    const container = room.plan({ args: ECHO, stdin: 'open' });
    const { stdout, code } = await container.run('a\nb\n');
    expect([stdout.toString(), code]).toEqual(['got a\ngot b\nended\n', 4]);
  });

  it('ends a client that is there until then, once all of it was passed on', async () => {
    const container = room.plan({ args: ECHO, stdin: 'open' });
    await container.detach();
    const other = attach(container, ['streams=in,out']);
    const ended = finished(other);
    other.stdin?.write('here\n');
    await printed(other, 'got here');
    const word = 'a'.repeat(100_000);
    const first = attach(container, ['until=input']);
    const left = finished(first);
    first.stdin?.end(`${word}\n`);
    expect((await left).code).toBe(0);
    await printed(other, 'a\n');
    other.kill('SIGKILL');
    await ended;
  });

  it('stays open, whatever clients do, when it was started in the background', async () => {
    const container = room.plan({ args: ECHO, stdin: 'open' });
    await container.detach();
    const first = attach(container);
    const firstOutput = finished(first);
    first.stdin?.end('one\n');
    await printed(first, 'got one');
    const second = attach(container);
    second.stdin?.write('two\n');
    await printed(second, 'got two');
    second.kill('SIGKILL');
    await finished(second);
    const third = attach(container);
    third.stdin?.write('three\n');
    await printed(third, 'got three');
    await container.ask('stop 9 -1');
    expect((await firstOutput).stdout.toString()).toBe('got one\ngot two\ngot three\n');
  });

  it('takes what a client had given before it went away', async () => {
    const container = room.plan({
      args: ['sh', '-c', 'until [ -e /go ]; do sleep 0.02; done; wc -c'],
      stdin: 'open',
    });
    const child = spawn(HELPER, ['run', container.planPath, 'attach', 'streams=in'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const result = finished(child);
    child.stdin?.end('x'.repeat(150_000));
    expect((await result).stdout.toString()).toBe(`${container.id}\n`);
    writeFileSync(`/proc/${container.state.init.pid}/root/go`, '');
    await until(() => container.leftovers().length === 0);
    expect(container.log).toContain('150000');
  });
});

describe('many clients', () => {
  it('are sixteen; more are refused', async () => {
    const script = 'while read line; do echo "$line"; [ "$line" = bye ] && exit; done';
    const container = room.plan({ args: ['sh', '-c', script], stdin: 'open' });
    await container.detach();
    const clients = [];
    for (let n = 1; n <= 16; n += 1) {
      const client = attach(container);
      clients.push({ client, result: finished(client) });
      client.stdin?.write(`client ${n}.\n`);
      await printed(client, `client ${n}.`);
    }
    expect((await finished(attach(container))).stderr).toMatch(/busy/i);
    clients[0]?.client.stdin?.write('bye\n');
    for (const { result } of clients) expect((await result).stdout.toString()).toMatch(/\nbye\n$/);
  });

  it('each get every byte, and so does the log, although one stops reading for a while', async () => {
    const script =
      'while read line && [ $line != go ]; do echo $line; done; i=0; while [ $i -lt 100000 ]; do echo "line $i is long enough to fill buffers"; i=$((i+1)); done';
    const container = room.plan({ args: ['sh', '-c', script], stdin: 'open' });
    await container.detach();
    const quick = attach(container);
    const slow = attach(container);
    const results = [finished(quick), finished(slow)];
    for (const [client, word] of [
      [quick, 'quick'],
      [slow, 'slow'],
    ] as const) {
      client.stdin?.write(`${word}\n`);
      await printed(client, word);
    }
    slow.stdout?.pause();
    quick.stdin?.write('go\n');
    await printed(quick, 'line 20000 ');
    slow.stdout?.resume();
    const [one, other] = await Promise.all(results);
    const lines = (output: Buffer = Buffer.alloc(0)): Buffer => output.subarray(output.indexOf('line 0 '));
    expect(lines(one?.stdout).equals(lines(other?.stdout))).toBe(true);
    expect(lines(one?.stdout).toString().split('\n').length).toBe(100_001);
    expect(container.log.split('\n').length).toBe(100_003);
  });

  it('who hang up at any time leave the others their bytes', async () => {
    const script =
      'read line; i=0; while [ $i -lt 50000 ]; do echo "line $i is long enough to fill buffers"; i=$((i+1)); done';
    const container = room.plan({ args: ['sh', '-c', script], stdin: 'open' });
    await container.detach();
    const lasting = attach(container);
    const leaving = [attach(container), attach(container), attach(container)];
    const result = finished(lasting);
    for (const client of leaving) client.stdout?.pause();
    lasting.stdin?.write('go\n');
    await printed(lasting, 'line 10 ');
    for (const client of leaving) client.kill('SIGKILL');
    const { stdout, code } = await result;
    expect(code).toBe(0);
    expect(stdout.toString().split('\n').length).toBe(50_001);
    expect(existsSync(container.runDir)).toBe(false);
  });
});
