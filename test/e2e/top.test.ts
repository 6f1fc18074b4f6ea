import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { printed, useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

const TITLES = ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'];

/** A table's rows, cells apart by two blanks and more. */
const table = (text: string) => text.split('\n').map((line) => line.split(/ {2,}/));

beforeAll(async () => {
  // A child in a session of its own, whose parent is gone: no descendant of the first process by its number.
  const script = 'setsid sleep 1001 & sleep 1002 & wait';
  await store.ok(['run', '-d', '--name', 'busy', busybox, 'sh', '-c', script]);
});

/** Everybody is there once the shell has started them. */
async function commands(name: string): Promise<string[]> {
  const rows = table(await store.ok(['top', name])).slice(1);
  return rows.map((cells) => cells.at(-1) ?? '').sort();
}

describe('top', () => {
  it("shows a container's processes with the columns and the numbers of the host", async () => {
    const rows = table(await store.ok(['top', 'busy']));
    expect(rows[0]).toEqual(TITLES);
    const [container] = JSON.parse(await store.ok(['inspect', 'busy']));
    const first = rows.find((cells) => cells[1] === String(container.State.Pid));
    expect(first).toMatchObject({ 0: 'root', 5: '?', 7: 'sh -c setsid sleep 1001 & sleep 1002 & wait' });
    const children = rows.filter((cells) => cells[2] === String(container.State.Pid));
    for (const cells of children) expect(cells[7]).toMatch(/sleep 100\d$/);
  });

  it('shows those of one container alone when several share their processes', async () => {
    await store.ok(['run', '-d', '--name', 'guest', '--pid', 'container:busy', busybox, 'sleep', '2000']);
    expect(await commands('guest')).toEqual(['sleep 2000']);
    expect(await commands('busy')).not.toContain('sleep 2000');
    await store.ok(['rm', '-f', 'guest']);
  });

  it('shows the users of the host behind those of a user namespace', async () => {
    const maps = ['--uidmap', '0:123456:65536', '--gidmap', '0:123456:65536'];
    await store.ok(['run', '-d', '--name', 'mapped', ...maps, busybox, 'sleep', '1000']);
    expect(table(await store.ok(['top', 'mapped']))[1]?.[0]).toBe('123456');
    await store.ok(['rm', '-f', 'mapped']);
  });

  it("takes options of the host's ps", async () => {
    const [titles, ...rows] = table(await store.ok(['top', 'busy', '-o', 'pid,comm']));
    expect(titles).toEqual(['PID', 'COMMAND']);
    expect(rows.map((cells) => cells[1])).toContain('sleep');
    expect(table(await store.ok(['top', 'busy', 'aux']))[0]).toContain('%CPU');
  });

  it('says what is wrong with options, or that there is no ps, which it needs for nothing else', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'skiff-path-'));
    const without = { env: { PATH: empty } };
    const { stderr, code } = await store.skiff(['top', 'busy', '-ef'], without);
    expect({ stderr, code }).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('this host has no ps'),
    });
    expect((await store.skiff(['top', 'busy'], without)).code).toBe(0);
    expect((await store.skiff(['top', 'busy', '-o', 'user'])).stderr).toContain('does not tell the pids');
    expect((await store.skiff(['top', 'busy', '--no-such-option'])).stderr).toContain('ps --no-such-option:');
    rmSync(empty, { recursive: true });
  });

  it('needs a container that runs', async () => {
    const nobody = await store.skiff(['top', 'nobody']);
    expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining('no such container: nobody') });
    await store.ok(['run', '--name', 'ended', busybox, 'true']);
    expect((await store.skiff(['top', 'ended'])).stderr).toContain('container ended is not running');
  });

  it('shows a paused one', async () => {
    await store.ok(['pause', 'busy']);
    expect((await commands('busy')).length).toBeGreaterThan(0);
    await store.ok(['unpause', 'busy']);
  });
});

describe('an attached container', () => {
  it('is shown, too', async () => {
    const running = store.start([
      'run',
      '--rm',
      '--name',
      'attached',
      busybox,
      'sh',
      '-c',
      'echo up; exec sleep 1000',
    ]);
    await printed(running, 'up');
    expect((await store.ok(['top', 'attached'])).split('\n')).toHaveLength(2);
    await store.ok(['rm', '-f', 'attached']);
    await running;
  });
});
