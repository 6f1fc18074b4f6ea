import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ExitRecord, parseExitRecord } from '../../src/runtime/monitor/records.ts';
import { gone, type PlannedContainer, printed, useRoom } from '../helpers/plan.ts';

const room = useRoom();
const disk = join(room.root, 'small');

beforeEach(() => {
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'small', disk]);
});

afterEach(() => {
  execFileSync('umount', [disk]);
  rmSync(disk, { recursive: true });
});

function fill(): void {
  const everything = () => writeFileSync(join(disk, 'filler'), Buffer.alloc(1 << 20));
  expect(everything).toThrow(/ENOSPC/);
}

/** A container that fails three times, the first time when its input ends. Its exit record is on the small disk. */
function failing(): PlannedContainer {
  return room.plan({
    args: ['sh', '-c', '[ -e /ran ] && exit 3; touch /ran; echo up; read line; exit 3'],
    stdin: 'open',
    general: [
      ['exit-record', join(disk, 'exit')],
      ['restart', 'on-failure', '2'],
    ],
  });
}

/** Starts it, does what is to be done meanwhile, and lets it end. */
async function live(container: PlannedContainer, meanwhile: () => void): Promise<void> {
  const client = container.start('attach', 'pipe');
  await printed(client, 'up');
  const { monitor } = container.state;
  meanwhile();
  client.stdin?.end('\n');
  await gone(monitor.pid);
}

function exit(path: string): ExitRecord {
  return parseExitRecord(readFileSync(path, 'utf8'));
}

describe('a disk that is full', () => {
  it('neither ends supervision nor loses the exit code, as there is room for the record from the start', async () => {
    const container = failing();
    await live(container, fill);
    expect(exit(join(disk, 'exit'))).toMatchObject({ code: 3, restarts: 2 });
    expect(container.leftovers()).toEqual([]);
    expect(['exit.new', 'exit.reserved'].filter((name) => existsSync(join(disk, name)))).toEqual([]);
  });

  it('from before the start leaves the record in the runtime directory, from where it is settled later', async () => {
    const container = failing();
    fill();
    await live(container, () => undefined);
    expect(exit(join(container.runDir, 'exit'))).toMatchObject({ code: 3, restarts: 2 });
    expect(await container.cleanup()).toMatchObject({ code: 1, stderr: expect.stringContaining('No space') });
    rmSync(join(disk, 'filler'));
    expect((await container.cleanup()).code).toBe(0);
    expect(exit(join(disk, 'exit'))).toMatchObject({ code: 3, restarts: 2 });
    expect(container.leftovers()).toEqual([]);
  });

  it('is not missed by a record that was written before', async () => {
    const container = failing();
    writeFileSync(join(disk, 'exit'), 'code 9\n');
    await live(container, () => undefined);
    expect(exit(join(disk, 'exit'))).toMatchObject({ code: 3, restarts: 2 });
  });
});
