import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { finished, printed, useRoom } from '../helpers/plan.ts';
import { isRunning } from '../helpers/skiff.ts';

const room = useRoom();

/** Those of a container but for pid: what its first process started lives on when that one ends. */
const SHARED_PID = ['mount', 'uts', 'ipc', 'net', 'cgroup'];

describe('what outlives the first process and goes on writing', () => {
  it.each(['json-file', 'none'])('ends with the container (log: %s)', async (driver) => {
    const container = room.plan({
      args: ['sh', '-c', 'yes & echo $!; exit 3'],
      namespaces: SHARED_PID,
      general: driver === 'none' ? [] : [['log', driver, '/dev/null', '0', '1', 'plain']],
    });
    const { code, stdout } = await container.run();
    expect(code).toBe(3);
    expect(isRunning(Number(/^\d+$/m.exec(stdout.toString())?.[0]))).toBe(false);
    expect(container.leftovers()).toEqual([]);
  });

  it('does not hold up the end, even if it is out of reach', async () => {
    const container = room.plan({ args: ['sh', '-c', 'echo up; sleep 1000'] });
    const client = container.start();
    await printed(client, 'up');
    const ended = finished(client);
    const writer = spawn('sh', ['-c', `exec yes >/proc/${container.state.init.pid}/fd/1`], {
      stdio: 'ignore',
    });
    // The pipe's reader goes away with the container: SIGPIPE.
    const closed = once(writer, 'exit');
    await printed(client, 'y\ny\n');
    expect(await container.ask('stop 9 0')).toBe('exit 137\n');
    expect((await ended).code).toBe(137);
    expect(await closed).toEqual([null, 'SIGPIPE']);
    expect(container.leftovers()).toEqual([]);
  });
});
