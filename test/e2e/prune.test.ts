import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

describe('system prune', () => {
  const env = { SKIFF_NETWORK: 'none' };

  /** What commands that were killed leave: a blob that no image names, a temporary directory. 3 MB in all. */
  function leaveGarbage(): void {
    writeFileSync(join(store.root, 'blobs/sha256', '0'.repeat(64)), Buffer.alloc(1_000_000));
    const abandoned = join(store.root, 'tmp/1-1-ab');
    mkdirSync(abandoned, { recursive: true });
    writeFileSync(join(abandoned, 'blob'), Buffer.alloc(2_000_000));
  }

  it('asks first, and removes what nobody uses with what crashes have left, in one sum', async () => {
    await store.ok(['run', '-d', '--name', 'busy', '-v', 'named:/srv', busybox, 'sleep', '1000'], { env });
    const script = 'head -c 3000000 /dev/zero > /file; head -c 4000000 /dev/zero > /data/file';
    await store.ok(['run', '--name', 'ended', '-v', '/data', busybox, 'sh', '-c', script], { env });
    leaveGarbage();
    expect((await store.skiff(['system', 'prune'], { input: 'n\n' })).stdout).toBe(
      'WARNING! This will remove:\n' +
        '  - all stopped containers\n' +
        '  - all networks not used by at least one container\n' +
        '  - all dangling images\n' +
        '  - unused build cache\n' +
        '  - what commands that failed or were killed have left\n\n' +
        'Are you sure you want to continue? [y/N] ',
    );
    expect(await store.ok(['system', 'prune', '-f', '--volumes', '--filter', 'label!=keep'])).toMatch(
      /^Deleted Containers:\n[0-9a-f]{64}\n\nDeleted Volumes:\n[0-9a-f]{64}\n\nTotal reclaimed space: 10MB$/,
    );
    expect(await names()).toEqual(['busy']);
    expect(await store.ok(['volume', 'ls', '-q'])).toBe('named');
    expect(readdirSync(join(store.root, 'tmp'))).toEqual([]);
    expect(await store.ok(['system', 'prune', '-af'])).toBe('Total reclaimed space: 0B');
    await store.ok(['rm', '-f', 'busy']);
  });

  it('takes all images with -a, and the layers that only a container has kept', async () => {
    await store.ok(['create', '--name', 'kept', busybox], { env });
    await store.ok(['rmi', '-f', busybox]);
    const asked = await store.skiff(['system', 'prune', '-a', '--volumes', '--filter', 'until=1h'], {
      input: '',
    });
    expect(asked.stdout).toContain(
      '  - all anonymous volumes not used by at least one container\n' +
        '  - all images without at least one container associated to them\n' +
        '  - all build cache\n' +
        '  - what commands that failed or were killed have left\n\n' +
        '  Items to be pruned will be filtered with:\n  - until=1h\n\n',
    );
    const said = await store.ok(['system', 'prune', '-a', '-f']);
    expect(said).toMatch(/^Deleted Containers:\n[0-9a-f]{64}\n\nTotal reclaimed space: [1-9]/);
    expect(readdirSync(join(store.root, 'layers'))).toEqual([]);
  });
});
