import { existsSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { processIdentity } from '../../src/host/process.ts';
import { parseStateRecord, type StateRecord } from '../../src/runtime/monitor/records.ts';
import { useBusybox } from '../helpers/busybox.ts';
import { killed } from '../helpers/plan.ts';
import { useStore } from '../helpers/skiff.ts';
import { until } from '../helpers/until.ts';

const store = useStore();
const busybox = useBusybox(store);

/** Starts a container in the background; its id. */
async function started(name: string, script: string, ...options: string[]): Promise<string> {
  return await store.ok(['run', '-d', '--name', name, ...options, busybox, 'sh', '-c', script]);
}

/** Resolves when the monitor's record says so: it is replaced by a rename, of which the directory's watchers hear. */
function state(id: string, holds: (record: StateRecord) => boolean): Promise<StateRecord> {
  const run = join(store.runRoot, id);
  return new Promise((done) => {
    const watcher = watch(run);
    const look = (): void => {
      const record = parseStateRecord(readFileSync(join(run, 'state'), 'utf8'));
      if (!holds(record)) return;
      watcher.close();
      done(record);
    };
    watcher.on('change', look);
    look();
  });
}

async function shown(name: string, template: string): Promise<string> {
  return await store.ok(['inspect', '--format', template, name]);
}

describe('run --restart', () => {
  it('starts a container again until it ends well, and counts', async () => {
    const script = 'echo x >> /n; n=$(wc -l < /n); echo run $n; [ $n = 3 ]';
    await started('persistent', script, '--restart', 'on-failure:5');
    // Each wait is answered at the end of a run.
    while ((await store.ok(['wait', 'persistent'])) !== '0');
    expect(await store.ok(['logs', 'persistent'])).toBe('run 1\nrun 2\nrun 3');
  });

  it('still says how often after the end', async () => {
    const id = await started('thrice', 'exit 3', '--restart', 'on-failure:3');
    while (
      (await store.ok(['wait', 'thrice'])) === '3' &&
      (await shown('thrice', '{{.State.Status}}')) !== 'exited'
    );
    expect(await shown('thrice', '{{.RestartCount}} {{.State.ExitCode}} {{.Id}}')).toBe(`3 3 ${id}`);
    await store.ok(['rm', 'thrice']);
  });

  it('shows that it waits, with the code of the last run, and why', async () => {
    const id = await started('restless', 'exit 3', '--restart', 'always');
    const { monitor } = await state(
      id,
      ({ restarting, restarts }) => restarts >= 4 && (restarting ?? 0) - Date.now() > 400,
    );
    await until(() => existsSync(join(store.root, 'containers', id, 'exit')));
    // It waits for as long as it is looked at.
    process.kill(monitor.pid, 'SIGSTOP');
    onTestFinished(() => {
      if (processIdentity(monitor.pid) !== undefined) process.kill(monitor.pid, 'SIGCONT');
    });
    expect(await store.ok(['ps', '--filter', 'name=restless', '--format', '{{.State}} {{.Status}}'])).toMatch(
      /^restarting Restarting \(3\) .* ago$/,
    );
    expect(await shown('restless', '{{.State.Status}} {{.State.Restarting}} {{.State.Running}}')).toBe(
      'restarting true true',
    );
    const why = await store.ok(['why', 'restless']);
    expect(why).toMatch(/^restless ended by itself .* with exit code 3\.$/m);
    expect(why).toContain('It is about to be started again');
    const { stderr, code } = await store.skiff(['exec', 'restless', 'true']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('restless')]);
    process.kill(monitor.pid, 'SIGCONT');
    await store.ok(['stop', 'restless']);
    expect(await shown('restless', '{{.State.Status}} {{.State.ExitCode}}')).toBe('exited 3');
  });

  it('ends for good by kill, and by rm -f', async () => {
    await started('killed', 'exec sleep 1000', '--restart', 'always');
    await store.ok(['kill', 'killed']);
    expect(await store.ok(['wait', 'killed'])).toBe('137');
    expect(await shown('killed', '{{.State.Status}} {{.State.ExitCode}}')).toBe('exited 137');
    await started('removed', 'exit 1', '--restart', 'always');
    await store.ok(['rm', '-f', 'removed']);
    expect(await store.ok(['ps', '-aq', '--filter', 'name=removed'])).toBe('');
  });

  it('lets the foreground go with the end of the first run', async () => {
    const { stdout, code } = await store.skiff([
      ...['run', '--name', 'front', '--restart', 'always', busybox],
      ...['sh', '-c', '[ -e /n ] && exec sleep 1000; touch /n; echo once; exit 4'],
    ]);
    expect([stdout, code]).toEqual(['once\n', 4]);
    const id = await store.ok(['ps', '-q', '--no-trunc', '--filter', 'name=front']);
    await state(id, ({ restarts, init }) => restarts === 1 && init.pid > 0);
    await store.ok(['stop', '-t', '0', 'front']);
  });

  it('leaves a container exited whose monitor was killed, whatever its policy says', async () => {
    const id = await started('orphan', 'exec sleep 1000', '--restart', 'always');
    const { monitor, init } = await state(id, () => true);
    await killed(monitor.pid);
    await store.ok(['ps', '-a']);
    expect(processIdentity(init.pid)).toBeUndefined();
    expect(await shown('orphan', '{{.State.Status}} {{.State.ExitCode}}')).toBe('exited 137');
    await store.ok(['start', 'orphan']);
    expect(await shown('orphan', '{{.State.Status}}')).toBe('running');
    await store.ok(['rm', '-f', 'orphan']);
  });
});

describe('stop', () => {
  it('tells why it had to kill', async () => {
    await store.ok(['run', '-d', '--name', 'deaf', busybox, 'sleep', '1000']);
    await store.ok(['stop', '-t', '0', 'deaf']);
    const why = await store.ok(['why', 'deaf']);
    expect(why).toContain('It never saw SIGTERM: PID 1 ignores every signal that it has no handler for');
    expect(why).toContain('hint: run it with --init');
  });
});
