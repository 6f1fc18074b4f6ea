import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { leftovers, printed, useStore } from '../helpers/skiff.ts';
import { until } from '../helpers/until.ts';

const store = useStore();
const busybox = useBusybox(store);

async function actionsOf(container: string): Promise<string[]> {
  const range = ['--since', '1h', '--until', '0s', '--filter', `container=${container}`];
  const lines = (await store.ok(['events', ...range, '--format', '{{.Action}}'])).split('\n');
  return lines.map((line) => line.replace(/:.*/, ''));
}

async function inspect(name: string) {
  const [container] = JSON.parse(await store.ok(['inspect', name]));
  return container;
}

/** Resolves when a container that runs has said `text`; what handles signals does so from then on. */
async function said(name: string, text: string): Promise<void> {
  const logs = store.start(['logs', '-f', name]);
  await printed(logs, text);
  logs.kill();
  await logs;
}

describe('restart', () => {
  it('stops a container and starts it, with its own stop signal', async () => {
    const script = 'trap "echo bye; exit 0" USR1; echo hello; while :; do sleep 1 & wait; done';
    await store.ok(['run', '-d', '--stop-signal', 'USR1', '--name', 'web', busybox, 'sh', '-c', script]);
    await said('web', 'hello');
    const { State: before } = await inspect('web');
    expect(await store.ok(['restart', 'web'])).toBe('web');
    await said('web', 'bye\nhello');
    const { State: after } = await inspect('web');
    expect(after).toMatchObject({ Status: 'running' });
    expect(after.Pid).not.toBe(before.Pid);
    await store.ok(['stop', 'web']);
    expect(await store.ok(['logs', 'web'])).toBe('hello\nbye\nhello\nbye');
    await store.ok(['rm', 'web']);
  });

  it('just starts what does not run', async () => {
    await store.ok(['create', '--name', 'idle', busybox, 'sleep', '1000']);
    await store.ok(['restart', 'idle']);
    expect(await inspect('idle')).toMatchObject({ State: { Running: true } });
    await store.ok(['rm', '-f', 'idle']);
  });

  it('kills what does not end within the given time', async () => {
    const script = 'trap "" TERM; echo up; while :; do sleep 1; done';
    await store.ok(['run', '-d', '--name', 'deaf', busybox, 'sh', '-c', script]);
    await store.ok(['restart', '-t', '0', 'deaf']);
    expect(await inspect('deaf')).toMatchObject({ State: { Running: true } });
    await store.ok(['rm', '-f', 'deaf']);
  });

  it('keeps a --rm container, which goes with its end all the same', async () => {
    const id = await store.ok(['run', '-d', '--rm', '--name', 'fleeting', busybox, 'sleep', '1000']);
    await store.ok(['exec', 'fleeting', 'touch', '/mine']);
    const { State: before } = await inspect('fleeting');
    expect(await store.ok(['restart', '-t', '0', 'fleeting'])).toBe('fleeting');
    const { State: after, Id } = await inspect('fleeting');
    expect(Id).toBe(id);
    expect(after).toMatchObject({ Status: 'running' });
    expect(after.Pid).not.toBe(before.Pid);
    await store.ok(['exec', 'fleeting', 'ls', '/mine']);
    expect(await actionsOf('fleeting')).toEqual([
      ...['create', 'start', 'exec_create', 'exec_start', 'exec_die'],
      ...['kill', 'kill', 'die', 'stop', 'start', 'restart'],
      ...['exec_create', 'exec_start', 'exec_die'],
    ]);
    await store.ok(['stop', '-t', '0', 'fleeting']);
    expect(await store.ok(['ps', '-aq'])).toBe('');
    expect(leftovers(store)).toEqual([]);
  });

  it('that is killed in between leaves no --rm container behind', async () => {
    const script = 'trap "until [ -e /go ]; do sleep 0.02; done; exit 0" TERM; while :; do sleep 0.02; done';
    const id = await store.ok(['run', '-d', '--rm', '--name', 'brief', busybox, 'sh', '-c', script]);
    const killer = store.start(['restart', '-t', '600', 'brief']);
    const events = store.start([
      'events',
      '--filter',
      'container=brief',
      '--since',
      '1h',
      '--format',
      '{{.Action}}',
    ]);
    const died = printed(events, 'die');
    await printed(events, 'kill');
    killer.kill('SIGKILL');
    await killer;
    await store.ok(['exec', 'brief', 'touch', '/go']);
    // The action of a process that was started by exec is `exec_die`.
    await died;
    events.kill();
    await events;
    await until(() => !existsSync(join(store.runRoot, id)));
    expect(existsSync(join(store.root, 'containers', id))).toBe(true);
    expect(await store.ok(['ps', '-aq'])).toBe('');
    expect(leftovers(store)).toEqual([]);
  });
});
