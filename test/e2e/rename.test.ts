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
});
