import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freeze, isFrozen, thaw } from '../../src/runtime/cgroup/freezer.ts';
import { readCgroupLayout } from '../../src/runtime/cgroup/layout.ts';
import { useBusybox } from '../helpers/busybox.ts';
import { kernelValue } from '../helpers/cgroups.ts';
import { printed, useStore } from '../helpers/skiff.ts';
import { until } from '../helpers/until.ts';

const store = useStore();
const busybox = useBusybox(store);

async function start(...command: string[]): Promise<string> {
  const id = await store.ok(['run', '-d', busybox, ...command]);
  onTestFinished(async () => {
    await store.ok(['rm', '-f', id]);
  });
  return id;
}

async function state(id: string): Promise<Record<string, unknown>> {
  return JSON.parse(await store.ok(['inspect', id]))[0].State;
}

const FREEZER = { controller: 'freezer', v1: 'freezer.state', v2: 'cgroup.events' } as const;

describe('pause', () => {
  it('freezes everything in a container until unpause, and ps and inspect say so', async () => {
    const id = await start('sh', '-c', 'sleep 600 & sleep 600');
    expect(await store.ok(['pause', id])).toBe(id);
    expect(kernelValue(`/skiff-${id}`, FREEZER)).toMatch(/^(FROZEN|frozen 1)$/m);
    expect(await state(id)).toMatchObject({ Status: 'paused', Paused: true, Running: true });
    expect(await store.ok(['ps'])).toMatch(/Up .* \(Paused\)/);
    expect(await store.ok(['info'])).toContain('\n Running: 0\n Paused: 1\n');
    expect(await store.ok(['unpause', id])).toBe(id);
    expect(await state(id)).toMatchObject({ Status: 'running', Paused: false });
    expect(await store.ok(['ps'])).not.toContain('Paused');
  });

  it('freezes a container that forks without end', async () => {
    const id = await start('sh', '-c', 'while :; do (:); done');
    await store.ok(['pause', id]);
    expect(kernelValue(`/skiff-${id}`, FREEZER)).toMatch(/^(FROZEN|frozen 1)$/m);
  });

  it('is a conflict for what is paused already, and unpause for what is not', async () => {
    const id = await start('sleep', '600');
    const early = await store.skiff(['unpause', id]);
    expect(early).toMatchObject({ code: 1, stderr: expect.stringMatching(/container \S+ is not paused/) });
    await store.ok(['pause', id]);
    const again = await store.skiff(['pause', id]);
    expect(again).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/container \S+ is already paused/),
    });
  });

  it('is a conflict for what does not run', async () => {
    const id = await start('true');
    await store.ok(['wait', id]);
    for (const command of ['pause', 'unpause']) {
      const { code, stderr } = await store.skiff([command, id]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/container \S+ is not running/);
    }
  });
});

describe('a paused container', () => {
  it('can be stopped, and handles the signal', async () => {
    const id = await start('sh', '-c', 'trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done');
    const log = store.start(['logs', '-f', id]);
    await printed(log, 'ready');
    await store.ok(['pause', id]);
    await store.ok(['stop', '-t', '-1', id]);
    expect(await state(id)).toMatchObject({ Status: 'exited', ExitCode: 7 });
    await log;
  });

  it('can be killed', async () => {
    const id = await start('sleep', '600');
    await store.ok(['pause', id]);
    await store.ok(['kill', id]);
    expect(await store.ok(['wait', id])).toBe('137');
  });

  it('gets other signals when it goes on', async () => {
    const id = await start('sh', '-c', 'trap "exit 9" USR1; echo ready; while :; do sleep 0.1; done');
    const log = store.start(['logs', '-f', id]);
    await printed(log, 'ready');
    await store.ok(['pause', id]);
    await store.ok(['kill', '-s', 'USR1', id]);
    expect(await state(id)).toMatchObject({ Status: 'paused' });
    await store.ok(['unpause', id]);
    expect(await store.ok(['wait', id])).toBe('9');
    await log;
  });

  it('can be removed by force', async () => {
    const id = await store.ok(['run', '-d', busybox, 'sleep', '600']);
    await store.ok(['pause', id]);
    await store.ok(['rm', '-f', id]);
    expect((await store.skiff(['inspect', id])).code).toBe(1);
  });
});

describe('the freezer of v2', () => {
  const unified = readCgroupLayout().hierarchies.find(
    ({ version, writable }) => version === 'v2' && writable,
  );
  const path = `${unified?.directory}/skiff-freezer-test-${process.pid}`;

  it.runIf(unified)('waits for the kernel to say that everything stands still, also what forks', async () => {
    mkdirSync(path);
    const child = spawn('sh', ['-c', 'while :; do (:); done']);
    writeFileSync(`${path}/cgroup.procs`, String(child.pid));
    const cgroup = { version: 'v2', path } as const;
    for (let round = 0; round < 10; round += 1) {
      await freeze(cgroup);
      expect(isFrozen(cgroup)).toBe(true);
      thaw(cgroup);
      expect(isFrozen(cgroup)).toBe(false);
    }
    writeFileSync(`${path}/cgroup.kill`, '1');
    await once(child, 'exit');
    // Its forks may end after it.
    await until(() => !/^populated 1$/m.test(readFileSync(`${path}/cgroup.events`, 'utf8')));
    rmdirSync(path);
  });

  it.runIf(unified)('is refused, naming the file, where there is none', async () => {
    const gone = { version: 'v2', path: `${path}-gone` } as const;
    expect(existsSync(gone.path)).toBe(false);
    await expect(freeze(gone)).rejects.toThrow(`${gone.path}/cgroup.freeze cannot be written`);
    expect(isFrozen(gone)).toBe(false);
    expect(() => thaw(gone)).not.toThrow();
  });
});

describe('a pause for the time of a command', () => {
  it('ends with that command when it is killed, and leaves a container paused that was', async () => {
    const id = await start('sleep', '600');
    const killed = async () => {
      const program = join(import.meta.dirname, '../helpers/pause-and-wait.ts');
      const command = spawn(process.execPath, [program, store.root, id], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      await printed(command, 'paused\n');
      expect(kernelValue(`/skiff-${id}`, FREEZER)).toMatch(/^(FROZEN|frozen 1)$/m);
      command.kill('SIGKILL');
      await once(command, 'close');
    };
    await killed();
    // It has the lock next, and refuses what is paused.
    expect(await store.ok(['pause', id])).toBe(id);
    const filters = ['--filter', `container=${id}`, '--filter', 'event=pause', '--filter', 'event=unpause'];
    const told = ['events', '--since', '10m', '--until', '0s', ...filters, '--format', '{{.Action}}'];
    expect((await store.ok(told)).split('\n')).toEqual(['pause', 'unpause', 'pause']);
    await killed();
    expect(await store.ok(['unpause', id])).toBe(id);
  });
});
