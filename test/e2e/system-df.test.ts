import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useStore } from '../helpers/skiff.ts';

const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const busybox = useBusybox(store);

describe('system df', () => {
  it('explains what lies in a store with containers, also those with ids of their own, and volumes', async () => {
    const script = 'dd if=/dev/zero of=/file bs=1k count=300 && ln /file /name';
    const detached = ['run', '-d', '-v', 'data:/srv', '--log-driver', 'none'];
    await store.ok([...detached, '--name', 'up', busybox, 'sleep', '1000']);
    await store.ok(['run', '--name', 'over', '-v', '/anonymous', busybox, 'sh', '-c', script]);
    const shifted = ['run', '--name', 'mapped', '--uidmap', '0:100000:1000', '--gidmap', '0:100000:1000'];
    await store.ok([...shifted, busybox, 'true'], { env: { SKIFF_IDMAP: 'copy' } });
    const usage = JSON.parse(await store.ok(['system', 'df', '-v', '--format', 'json']));
    const { Bytes: bytes, Other: other, Containers: containers, Volumes: volumes } = usage;
    const database = other.find(({ Type }: { Type: string }) => Type === 'Database').Bytes;
    // The database has files beside it for as long as somebody has it open.
    expect(bytes.Total - database).toBe(allocatedBut('state.db*'));
    expect(bytes.Images + bytes.Containers + bytes.Volumes + bytes.BuildCache + bytes.Other).toBe(
      bytes.Total,
    );
    expect(containers.map(({ Names }: { Names: string }) => Names).sort()).toEqual(['mapped', 'over', 'up']);
    expect(volumes.map(({ Links }: { Links: string }) => Links)).toEqual(['1', '1']);
    expect(other.map(({ Type }: { Type: string }) => Type)).toContain('Layer copies');
    const lines = await store.ok(['system', 'df', '--format', '{{.Type}} {{.TotalCount}} {{.Active}}']);
    expect(lines).toBe('Images 1 1\nContainers 3 1\nLocal Volumes 2 2\nBuild Cache 0 0');
    expect(await store.ok(['system', 'df', '-v'])).toMatch(
      /^Images space usage:\n\n[\s\S]*\nOther space usage, of /,
    );
    await store.ok(['rm', '-fv', 'up', 'over', 'mapped']);
  });

  it('refuses a table of several tables', async () => {
    const outcome = await store.skiff(['system', 'df', '-v', '--format', 'table {{.Type}}']);
    expect([outcome.code, outcome.stderr]).toEqual([125, expect.stringContaining('together with --verbose')]);
  });
});

/** What the file system has set aside for the store, but for some files. */
function allocatedBut(pattern: string): number {
  const said = execFileSync('du', ['-sx', '--block-size=1', `--exclude=${pattern}`, store.root], {
    encoding: 'utf8',
  });
  return Number(said.split('\t')[0]);
}
