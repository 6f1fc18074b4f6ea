import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

async function inspect(name: string) {
  const [container] = JSON.parse(await store.ok(['inspect', name]));
  return container;
}

describe('rename', () => {
  it('gives another name to a container, also while it runs', async () => {
    await store.ok(['run', '-d', '--name', 'before', busybox, 'sleep', '1000']);
    await store.ok(['rename', 'before', 'after']);
    expect((await inspect('after')).Name).toBe('/after');
    expect((await store.skiff(['inspect', 'before'])).code).toBe(1);
    await store.ok(['run', '--name', 'before', busybox, 'true']);
    const refused = await store.skiff(['rename', 'after', 'before']);
    expect(refused.stderr).toContain('"before" is already in use');
    await store.ok(['rm', '-f', 'before', 'after']);
  });

  it('is heard of in whatever happens to the container from then on', async () => {
    await store.ok(['run', '-d', '--name', 'old', '--restart', 'always', busybox, 'sleep', '1000']);
    await store.ok(['exec', 'old', 'true']);
    await store.ok(['rename', 'old', 'new']);
    await store.ok(['exec', 'new', 'true']);
    await store.ok(['kill', 'new']);
    await store.ok(['wait', 'new']);
    const range = ['--since', '1h', '--until', '0s', '--filter', 'type=container'];
    const format = '{{.Action}} {{.Actor.Attributes.name}}';
    const lines = (await store.ok(['events', ...range, '--format', format])).split('\n');
    expect(
      lines.filter((line) => / (old|new)$/.test(line)).map((line) => line.replace(/:.* /, ': ')),
    ).toEqual([
      ...['create', 'start', 'exec_create:', 'exec_start:', 'exec_die'].map((action) => `${action} old`),
      ...['rename', 'exec_create:', 'exec_start:', 'exec_die', 'kill', 'die'].map(
        (action) => `${action} new`,
      ),
    ]);
    await store.ok(['rm', 'new']);
  });
});
