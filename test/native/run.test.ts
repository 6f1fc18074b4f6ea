import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { finished, HELPER, printed, useRoom } from '../helpers/plan.ts';
import { until } from '../helpers/until.ts';

const room = useRoom();

describe('the foreground', () => {
  it('gives the output and the exit code of the container, and leaves only its records', async () => {
    const container = room.plan({ args: ['sh', '-c', 'echo out; echo err >&2; exit 7'] });
    const { stdout, stderr, code } = await container.run();
    expect([stdout.toString(), stderr, code]).toEqual(['out\n', 'err\n', 7]);
    expect(container.leftovers()).toEqual([]);
    expect(container.exit).toMatchObject({ code: 7, oom: false });
    expect(container.exit.finished).toBeGreaterThanOrEqual(container.exit.started);
  });

  it('ends with 128 and the number of the signal that ended the container', async () => {
    // PID 1 is immune to signals from inside its namespace, so it has to be one from outside.
    const container = room.plan({ args: ['sh', '-c', 'echo up; sleep 100'] });
    const child = container.start();
    await printed(child, 'up');
    process.kill(container.state.init.pid, 'SIGKILL');
    expect((await finished(child)).code).toBe(137);
    expect(container.exit).toMatchObject({ code: 137, signal: 9 });
  });

  it('relays its input and its end', async () => {
    const container = room.plan({ args: ['sh', '-c', 'cat; echo end'], stdin: 'open' });
    expect((await container.run('one\ntwo\n')).stdout.toString()).toBe('one\ntwo\nend\n');
  });

  it('relays 32 MiB in both directions unharmed', async () => {
    const input = randomBytes(32 << 20);
    const container = room.plan({ args: ['cat'], stdin: 'open', env: {} });
    const { stdout, code } = await container.run(input);
    expect(code).toBe(0);
    expect(sha256(stdout)).toBe(sha256(input));
  });

  it('relays all that a container wrote before it ended at once', async () => {
    const container = room.plan({
      args: ['sh', '-c', 'head -c 60000 /dev/zero; head -c 60000 /dev/zero >&2'],
    });
    const { stdout, stderr } = await container.run();
    expect([stdout.length, stderr.length]).toEqual([60000, 60000]);
  });

  it('is not held up by a container that closes its input', async () => {
    const container = room.plan({ args: ['sh', '-c', 'exec <&-; echo deaf'], stdin: 'open' });
    const child = container.start('attach', 'pipe');
    child.stdin?.on('error', () => {});
    child.stdin?.write(Buffer.alloc(8 << 20));
    const { stdout, code } = await finished(child);
    expect([stdout.toString(), code]).toEqual(['deaf\n', 0]);
  });

  it('has no input unless the plan opens it', async () => {
    const { stdout } = await room.plan({ args: ['sh', '-c', 'cat; ls -l /proc/self/fd/0'] }).run('ignored');
    expect(stdout.toString()).toContain('-> /dev/null');
    expect(stdout.toString()).not.toContain('ignored');
  });

  it('takes the container along when it is tied to who called it and that one is killed', async () => {
    const container = room.plan({ args: ['sh', '-c', 'echo up; sleep 100'] });
    const words = ['-c', '"$0" run "$1" attach tied=$$; :', HELPER, container.planPath];
    const caller = spawn('sh', words, { stdio: ['ignore', 'pipe', 'pipe'] });
    await printed(caller, 'up');
    caller.kill('SIGKILL');
    // The monitor has the pipe until the container is gone.
    await finished(caller);
    await until(() => container.leftovers().length === 0);
    expect(container.exit).toMatchObject({ code: 137 });
  });

  it('starts nothing for a caller that is not its parent any more', async () => {
    const container = room.plan({ args: ['true'] });
    const { code } = await finished(container.start('attach', 'ignore', [`tied=${process.ppid}`]));
    expect([code, existsSync(container.path('exit'))]).toEqual([125, false]);
  });

  it('forwards signals', async () => {
    const container = room.plan({
      args: [
        'sh',
        '-c',
        'trap "echo usr1" USR1; trap "echo term; exit 3" TERM; echo up; while :; do sleep 0.05; done',
      ],
    });
    const child = container.start();
    await printed(child, 'up');
    const result = finished(child);
    const saw = printed(child, 'usr1');
    child.kill('SIGUSR1');
    await saw;
    child.kill('SIGTERM');
    expect((await result).code).toBe(3);
  });

  it('lets go of a container that ignores three interrupts, and the container lives on', async () => {
    const container = room.plan({
      args: ['sh', '-c', 'trap "echo int" INT; echo up; while :; do sleep 0.05; done'],
    });
    const child = container.start();
    await printed(child, 'up');
    const result = finished(child);
    for (let i = 0; i < 3; i++) {
      const seen = i < 2 ? printed(child, 'int') : undefined;
      child.kill('SIGINT');
      await seen;
    }
    expect(await result).toMatchObject({ code: 1, stderr: 'got 3 SIGTERM/SIGINTs, forcefully exiting\n' });
    expect(await container.ask('stop 9 1000')).toBe('exit 137\n');
  });

  it('ends as SIGPIPE would end it when nobody reads its output any more, and the container goes on', async () => {
    const container = room.plan({
      // It writes as long as somebody could read: a reader that was quick must not have had it all.
      args: ['sh', '-c', 'echo first; cat /dev/zero & read line; kill $!; exit 4'],
      stdin: 'open',
    });
    const child = container.start('attach', 'pipe');
    await printed(child, 'first');
    const answer = container.ask('wait');
    // Heard after the other one: SIGURG, which means nothing to a shell.
    await container.ask('signal 23');
    child.stdout?.destroy();
    const code = await new Promise((done) => child.on('exit', done));
    expect(code).toBe(128 + 13);
    expect(await answer).toBe('exit 4\n');
  });

  it('killed, leaves the container running, whose output goes to the log', async () => {
    const container = room.plan({
      args: ['sh', '-c', 'echo before; read line; while [ ! -e /tmp/go ]; do sleep 0.02; done; echo after'],
      stdin: 'open',
    });
    const child = container.start('attach', 'pipe');
    await printed(child, 'before');
    child.kill('SIGKILL');
    await new Promise((done) => child.on('exit', done));
    const answer = container.ask('wait');
    await container.ask('signal 23');
    // Its root is an overlay: what is written through the process's root is seen by it at once.
    writeFileSync(`/proc/${container.state.init.pid}/root/tmp/go`, '');
    expect(await answer).toBe('exit 0\n');
    expect(container.log).toContain('"log":"after\\n"');
  });

  it('starts in the background, prints the id and leaves', async () => {
    const container = room.plan({ args: ['sleep', '100'] });
    const { stdout, code } = await container.detach();
    expect([stdout.toString(), code]).toEqual([`${container.id}\n`, 0]);
    expect(existsSync(`/proc/${container.state.init.pid}`)).toBe(true);
    expect(readFileSync(`/proc/${container.state.monitor.pid}/comm`, 'utf8')).toBe('skiff-monitor\n');
    expect(await container.ask('stop 9 1000')).toBe('exit 137\n');
    expect(container.leftovers()).toEqual([]);
  });

  it('tells on request where the time goes', async () => {
    const { stderr } = await room.plan({ args: ['true'], env: { SKIFF_TRACE: '1' } }).run();
    for (const moment of ['c  forked', 'm  set up', 'i  overlay', 'i  execve', 'm  gone'])
      expect(stderr).toContain(moment);
  });
});

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
