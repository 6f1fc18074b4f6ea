import { readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type HealthRecord, parseHealthRecord } from '../../src/runtime/monitor/health-record.ts';
import { useBusybox } from '../helpers/busybox.ts';
import { useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

async function started(name: string, ...options: string[]): Promise<string> {
  return await store.ok(['run', '-d', '--name', name, ...options, busybox, 'sleep', '1000']);
}

/** Resolves when the record of health says so: it is replaced by a rename, of which the directory's watchers hear. */
function told(id: string, holds: (record: HealthRecord) => boolean): Promise<HealthRecord> {
  const run = join(store.runRoot, id);
  return new Promise((done) => {
    const watcher = watch(run);
    const look = (): void => {
      const record = parseHealthRecord(readFileSync(join(run, 'health')));
      if (record === undefined || !holds(record)) return;
      watcher.close();
      done(record);
    };
    watcher.on('change', (_, name) => name === 'health' && look());
    look();
  });
}

async function health(name: string) {
  return JSON.parse(await store.ok(['inspect', '--format', '{{json .State.Health}}', name]));
}

describe('run --health-cmd', () => {
  it('is a line for the shell, and shows what it found', async () => {
    const id = await started(
      'well',
      '--health-cmd',
      'echo $((6 * 7)); exit $(cat /code || echo 0)',
      '--health-interval',
      '50ms',
      '--health-retries',
      '2',
    );
    await told(id, ({ status }) => status === 'healthy');
    expect(await store.ok(['ps', '--format', '{{.Status}}'])).toMatch(/^Up .* \(healthy\)$/);
    const { Status, FailingStreak, Log } = await health('well');
    expect([Status, FailingStreak]).toEqual(['healthy', 0]);
    expect(Log[0]).toMatchObject({ ExitCode: 0, Output: expect.stringContaining('42\n') });
    await store.ok(['exec', 'well', 'sh', '-c', 'echo 5 > /code']);
    await told(id, ({ status }) => status === 'unhealthy');
    expect(await store.ok(['ps', '--filter', 'health=unhealthy', '--format', '{{.Status}}'])).toMatch(
      /\(unhealthy\)$/,
    );
    await store.ok(['rm', '-f', 'well']);
  });

  it('says why a check has no answer', async () => {
    const id = await started(
      'slow',
      '--health-cmd',
      'echo begun; sleep 1000',
      '--health-interval',
      '20ms',
      '--health-timeout',
      '200ms',
      '--health-retries',
      '1',
    );
    // Its time may be up before it has said anything.
    await told(id, ({ checks }) => checks.some(({ output }) => output !== ''));
    expect((await health('slow')).Log).toContainEqual(
      expect.objectContaining({ ExitCode: -1, Output: 'Health check exceeded timeout (200ms): begun\n' }),
    );
    await store.ok(['rm', '-f', 'slow']);
  });

  it('starts with a status from the first moment on', async () => {
    await started('new', '--health-cmd', 'true', '--health-interval', '1h');
    expect(await store.ok(['ps', '-l', '--format', '{{.Status}}'])).toMatch(/\(health: starting\)$/);
    await store.ok(['rm', '-f', 'new']);
  });

  it('refuses values that cannot be, before anything exists', async () => {
    const { code, stderr } = await store.skiff([
      'run',
      '--name',
      'odd',
      '--health-cmd',
      'true',
      '--health-interval',
      '10us',
      busybox,
    ]);
    expect([code, stderr]).toEqual([125, expect.stringContaining('at least a millisecond')]);
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });
});
