import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useStore } from '../helpers/skiff.ts';

const store = useStore();
let busybox: string;
useBusybox(store, (reference) => {
  busybox = reference;
});

async function inspect(name: string) {
  const [container] = JSON.parse(await store.ok(['inspect', name]));
  return container;
}

describe('restart', () => {
  it('stops a container and starts it, with its own stop signal', async () => {
    const script = 'trap "echo bye; exit 0" USR1; echo hello; while :; do sleep 1 & wait; done';
    await store.ok(['run', '-d', '--stop-signal', 'USR1', '--name', 'web', busybox, 'sh', '-c', script]);
    const { State: before } = await inspect('web');
    expect(await store.ok(['restart', 'web'])).toBe('web');
    const { State: after } = await inspect('web');
    expect(after).toMatchObject({ Status: 'running' });
    expect(after.Pid).not.toBe(before.Pid);
    await store.ok(['stop', 'web']);
    expect(await store.ok(['logs', 'web'])).toMatch(/^hello\n(bye\n)?hello\nbye$/);
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

  it('refuses what goes with its end, and leaves it running', async () => {
    await store.ok(['run', '-d', '--rm', '--name', 'fleeting', busybox, 'sleep', '1000']);
    expect((await store.skiff(['restart', '-t', '0', 'fleeting'])).stderr).toContain('removed when it ends');
    expect(await inspect('fleeting')).toMatchObject({ State: { Running: true } });
    await store.ok(['rm', '-f', 'fleeting']);
  });
});
