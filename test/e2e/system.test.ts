import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

describe('after a reboot', () => {
  it('runs what has a restart policy, except what was stopped unless that is always', async () => {
    for (const policy of ['always', 'unless-stopped', 'on-failure', 'no'])
      await store.ok(['run', '-d', '--restart', policy, '--name', policy, busybox, 'sleep', '1000']);
    await store.ok(['run', '-d', '--restart', 'unless-stopped', '--name', 'idle', busybox, 'sleep', '1000']);
    await store.ok(['run', '-d', '--restart', 'always', '--name', 'forced', busybox, 'sleep', '1000']);
    await store.ok(['create', '--restart', 'always', '--name', 'new', busybox, 'sleep', '1000']);
    await store.ok(['stop', '-t', '0', 'idle', 'forced']);
    await store.ok(['system', 'stop-all']);
    expect(await store.ok(['ps', '-q'])).toBe('');
    const started = await store.ok(['system', 'start-all']);
    expect(started.split('\n').sort()).toEqual(['always', 'forced', 'unless-stopped']);
    expect((await store.ok(['ps', '--format', '{{.Names}}'])).split('\n').sort()).toEqual([
      'always',
      'forced',
      'unless-stopped',
    ]);
    await store.ok(['rm', '-f', 'always', 'unless-stopped', 'on-failure', 'no', 'idle', 'forced', 'new']);
  });

  it('begins with those whose namespaces others share, and tells what cannot be started', async () => {
    const policy = ['-d', '--restart', 'always'];
    await store.ok(['run', '-d', '--name', 'lost', busybox, 'sleep', '1000']);
    await store.ok([
      'run',
      ...policy,
      '--name',
      'guest',
      '--pid',
      'container:lost',
      busybox,
      'sleep',
      '1000',
    ]);
    await store.ok(['run', ...policy, '--name', 'lender', busybox, 'sleep', '1000']);
    await store.ok([
      'run',
      ...policy,
      '--name',
      'sharer',
      '--pid',
      'container:lender',
      busybox,
      'sleep',
      '1000',
    ]);
    await store.ok(['stop', '-t', '0', 'lender', 'sharer', 'guest', 'lost']);
    const outcome = await store.skiff(['system', 'start-all']);
    expect(outcome.stdout).toBe('lender\nsharer\n');
    expect(outcome.stderr).toContain('lost: it is not running');
    expect(outcome.code).toBe(1);
    await store.ok(['rm', '-f', 'lender', 'sharer', 'guest', 'lost']);
  });
});

describe('system unit', () => {
  it('prints a unit that names this program and this store', async () => {
    const text = await store.ok(['system', 'unit']);
    expect(text).toContain(`--root ${store.root} system start-all`);
  });
});
