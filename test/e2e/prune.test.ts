import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

async function names(): Promise<string[]> {
  return (await store.ok(['ps', '-a', '--format', '{{.Names}}'])).split('\n').sort();
}

describe('container prune', () => {
  it('removes what does not run, and says how many bytes that had written', async () => {
    await store.ok(['run', '-d', '--name', 'busy', busybox, 'sleep', '1000']);
    await store.ok(['create', '--name', 'made', busybox]);
    await store.ok(['run', '--name', 'ended', busybox, 'sh', '-c', 'head -c 3000000 /dev/zero > /file']);
    const said = await store.ok(['container', 'prune', '-f']);
    expect(said).toMatch(/^Deleted Containers:\n[0-9a-f]{64}\n[0-9a-f]{64}\n\nTotal reclaimed space: 3MB$/);
    expect(await names()).toEqual(['busy']);
    await store.ok(['rm', '-f', 'busy']);
  });

  it('keeps what does not fit the filters', async () => {
    await store.ok(['create', '--name', 'plain', busybox]);
    await store.ok(['create', '--name', 'kept', '--label', 'keep=1', busybox]);
    await store.ok(['create', '--name', 'other', '--label', 'keep=2', busybox]);
    await store.ok(['container', 'prune', '-f', '--filter', 'until=1h']);
    expect(await names()).toEqual(['kept', 'other', 'plain']);
    await store.ok(['container', 'prune', '-f', '--filter', 'label=keep=2']);
    expect(await names()).toEqual(['kept', 'plain']);
    await store.ok(['container', 'prune', '-f', '--filter', 'label!=keep']);
    expect(await names()).toEqual(['kept']);
    await store.ok(['rm', 'kept']);
  });
});
