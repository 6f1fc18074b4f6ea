import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { waitContainer } from '../../../../src/engine/lifecycle/wait.ts';
import { whyContainer } from '../../../../src/engine/reports/why.ts';
import { departedBefore, transactionAfterSweep } from '../../../../src/engine/state/departures.ts';
import { observe } from '../../../../src/engine/state/observe.ts';
import {
  type ContainerId,
  type ContainerRow,
  containerById,
  findContainer,
  insertContainer,
} from '../../../../src/engine/store/containers.ts';
import { findDeparture } from '../../../../src/engine/store/departures.ts';
import { containerRow, ID, useContext } from '../fixtures.ts';

const room = useContext();
const RECORD = 'code 4\noom 0\nstarted 1000\nfinished 2000\n';

/** The row of a `--rm` container whose files are gone; its monitor left `mark`. */
function gone(mark: string, changes: Partial<ContainerRow> = {}): ContainerRow {
  const row = containerRow({ autoRemove: true, ...changes });
  insertContainer(room.context.database, row, () => false);
  mkdirSync(room.context.paths.gone, { recursive: true });
  writeFileSync(join(room.context.paths.gone, row.id), mark);
  return row;
}

const numbered = (index: number): ContainerId => index.toString(16).padStart(64, '0') as ContainerId;

describe('a --rm container that is gone', () => {
  it('has left its exit code, whoever dropped its row', async () => {
    const seen = gone(RECORD);
    expect(await observe(room.context, seen)).toBeUndefined();
    expect(readdirSync(room.context.paths.gone)).toEqual([]);
    gone('code 5\noom 0\nstarted 1\nfinished 2\n', { id: numbered(1), name: 'swept' });
    transactionAfterSweep(room.context, () => undefined);
    expect(readdirSync(room.context.paths.gone)).toEqual([]);
    const replaced = gone('code 6\noom 0\nstarted 1\nfinished 2\n', { id: numbered(2), name: 'replaced' });
    insertContainer(room.context.database, { ...replaced, id: numbered(3) }, (holder) =>
      departedBefore(room.context, holder),
    );
    const code = (name: string) => waitContainer(room.context, name, 'stopped');
    expect(await Promise.all([ID, 'name', 'cccccc', 'swept', numbered(2)].map(code))).toEqual([
      4, 4, 4, 5, 6,
    ]);
    expect(await waitContainer(room.context, ID, 'removed')).toBe(4);
  });

  it('gives its code to a command that knew it before, too', async () => {
    const { id } = gone(RECORD);
    expect(await waitContainer(room.context, id, 'stopped')).toBe(4);
    expect(containerById(room.context.database, id)).toBeUndefined();
    gone(RECORD, { id: numbered(1), name: 'other' });
    expect(await waitContainer(room.context, 'other', 'removed')).toBe(4);
  });

  it('is not waited for when it had to start once more', async () => {
    gone(RECORD);
    for (const condition of ['next-exit', 'running'] as const) {
      await expect(waitContainer(room.context, 'name', condition)).rejects.toMatchObject({
        kind: 'notFound',
      });
    }
  });

  it('that never started has left none', async () => {
    gone('');
    await expect(waitContainer(room.context, 'name', 'stopped')).rejects.toMatchObject({
      kind: 'notFound',
      message: 'container name was removed and left no exit code',
    });
    expect(findDeparture(room.context.database, 'name')).toBeUndefined();
  });

  it('is not found, and what became of it is said', async () => {
    await observe(room.context, gone(RECORD));
    expect(() => findContainer(room.context.database, 'name')).toThrowError(
      expect.objectContaining({
        kind: 'notFound',
        message: 'no such container: name',
        remedy: 'it ended with exit code 4 and was removed, as --rm says: see skiff why name',
      }),
    );
  });

  it('is explained by what its monitor saw, its limits and its stop signal', async () => {
    const { options } = containerRow();
    const killed = 'code 137\nsignal 9\noom 1\nstarted 1\nfinished 2\noom-kills 1\nmemory-limit 1048576\n';
    const process = { command: ['x'], env: ['KEY=secret'], stdin: false, init: true };
    const wishes = { ...options, process, resources: { memory: 1048576 }, stop: { signal: 'SIGINT' } };
    await observe(room.context, gone(killed, { argv: ['x', '--password=secret'], options: wishes }));
    const explanation = await whyContainer(room.context, 'name');
    expect(explanation).toMatchObject({
      id: ID,
      cause: { kind: 'memory', certain: true },
      evidence: {
        removed: true,
        init: true,
        limits: { memory: 1048576 },
        stop: { signal: 2 },
        memoryLimit: 1048576,
      },
    });
    const kept = room.context.database.all('SELECT * FROM departure');
    expect(JSON.stringify(kept)).not.toContain('secret');
  });

  it('stays in the database while its row does: a sweep that is rolled back takes nothing', () => {
    const { id } = gone(RECORD);
    const failing = () =>
      transactionAfterSweep(room.context, () => {
        throw new Error('refused');
      });
    expect(failing).toThrow('refused');
    expect(containerById(room.context.database, id)).toBeDefined();
    expect(readFileSync(join(room.context.paths.gone, id), 'utf8')).toBe(RECORD);
  });

  it('is remembered as long as 127 others have not gone after it', () => {
    for (let index = 1; index <= 130; index += 1) {
      gone(RECORD, { id: numbered(index), name: `n${index}` });
      transactionAfterSweep(room.context, () => undefined);
    }
    const known = [1, 2, 3, 130].map((index) => findDeparture(room.context.database, `n${index}`)?.name);
    expect(known).toEqual([undefined, undefined, 'n3', 'n130']);
  });

  it('is the last one of its name', () => {
    for (const [index, code] of [7, 8].entries()) {
      gone(`code ${code}\noom 0\nstarted 1\nfinished 2\n`, { id: numbered(index), name: 'again' });
      transactionAfterSweep(room.context, () => undefined);
    }
    expect(findDeparture(room.context.database, 'again')?.record.code).toBe(8);
    expect(findDeparture(room.context.database, numbered(0))?.record.code).toBe(7);
    expect(findDeparture(room.context.database, '000')).toBeUndefined();
  });
});
