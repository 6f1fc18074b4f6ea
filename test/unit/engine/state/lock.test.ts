import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeContainer, inRun } from '../../../../src/engine/state/lock.ts';
import {
  type ContainerId,
  containerById,
  deleteContainer,
  insertContainer,
  recordStart,
} from '../../../../src/engine/store/containers.ts';
import { until } from '../../../helpers/until.ts';
import { containerRow, ID, thisProcess, useContext } from '../fixtures.ts';

const room = useContext();
const ENDED = { code: 0, oom: false, started: 1, finished: 2 };
const runDir = () => join(room.context.paths.run, ID);

/** What was done, in order. */
let seen: string[] = [];
let server: Server | undefined;

beforeEach(() => {
  seen = [];
  mkdirSync(join(room.context.paths.containers, ID), { recursive: true });
});

afterEach(async () => {
  await new Promise((done) => (server === undefined ? done(undefined) : server.close(done)));
  server = undefined;
});

function insert(changes: Parameters<typeof containerRow>[0] = {}): void {
  insertContainer(room.context.database, containerRow(changes), () => false);
}

/** Makes the traces of a run whose processes are this one; its lock is free at once. */
async function run(started = 7): Promise<void> {
  mkdirSync(runDir(), { recursive: true });
  const self = thisProcess();
  writeFileSync(join(runDir(), 'state'), `monitor ${self}\ninit ${self}\nstarted ${started}\n`);
  if (server !== undefined) return;
  // A connection may close after its server, when the next case has begun.
  const told = seen;
  server = createServer((socket) => {
    told.push('locked');
    socket.on('error', () => {});
    socket.on('close', () => told.push('let go')).resume();
    socket.write('ok\n');
  });
  await new Promise<void>((done) => server?.listen(join(runDir(), 'ctl'), done));
}

/** As its monitor does. */
function end(): void {
  writeFileSync(join(room.context.paths.containers, ID, 'exit'), 'code 3\noom 0\nstarted 7\nfinished 9\n');
  rmSync(runDir(), { recursive: true });
}

const note = {
  whenIdle: ({ name }: { name: string }) => void seen.push(`idle ${name}`),
  whenRunning: async ({ row }: { row: { name: string } }) => void seen.push(`running ${row.name}`),
};

describe('a change of a container', () => {
  it('that does not run is one transaction, on its row as it is then', async () => {
    insert({ ended: ENDED });
    const found = containerRow({ name: 'as it was found' });
    await changeContainer(room.context, found, note);
    expect(seen).toEqual(['idle name']);
    const failing = changeContainer(room.context, found, {
      ...note,
      whenIdle: ({ id }) => {
        deleteContainer(room.context.database, id);
        throw new Error('no');
      },
    });
    await expect(failing).rejects.toThrow('no');
    expect(containerById(room.context.database, ID)).toBeDefined();
  });

  it('that runs holds its lock', async () => {
    insert();
    await run();
    await changeContainer(room.context, containerRow(), note);
    await until(() => seen.includes('let go'));
    expect(seen).toEqual(['locked', 'running name', 'let go']);
  });

  it('is refused while another command starts it, and once it is removed', async () => {
    insert({ starter: thisProcess() });
    const starting = changeContainer(room.context, containerRow(), note);
    await expect(starting).rejects.toMatchObject({ kind: 'conflict' });
    deleteContainer(room.context.database, ID);
    const removed = changeContainer(room.context, containerRow(), note);
    await expect(removed).rejects.toMatchObject({ kind: 'notFound', message: 'no such container: name' });
    expect(seen).toEqual([]);
  });

  it('is done to what does not run any more when the run ends under it, whatever was thrown', async () => {
    for (const fail of [
      () => inRun(room.context, running(), () => seen.push('too late')),
      failWith('ENOENT'),
    ]) {
      insert();
      await run();
      await changeContainer(room.context, containerRow(), {
        ...note,
        whenRunning: async () => {
          end();
          await fail();
        },
      });
      expect(seen.filter((what) => what !== 'let go')).toEqual(['locked', 'idle name']);
      await afterwards();
    }
  });

  it('is done once more when it was started again under it', async () => {
    insert();
    await run();
    let starts = 7;
    await changeContainer(room.context, containerRow(), {
      ...note,
      whenRunning: async (container) => {
        if (starts === 7) await run(++starts);
        inRun(room.context, container, () => seen.push(`in run ${container.status.record.started}`));
      },
    });
    expect(seen).toContain('in run 8');
    expect(seen).not.toContain('in run 7');
  });

  it('throws what goes wrong while it runs on', async () => {
    insert();
    await run();
    const failing = changeContainer(room.context, containerRow(), {
      ...note,
      whenRunning: failWith('ENOSPC'),
    });
    await expect(failing).rejects.toThrow('ENOSPC');
  });

  it('sees who starts it between two looks', async () => {
    insert({ ended: ENDED });
    const { database } = room.context;
    let looks = 0;
    const watching = Object.create(room.context, {
      database: {
        get: () => {
          // The transaction is what comes after the first looks.
          if (++looks === 2) recordStart(database, ID, { starter: thisProcess(), boot: 'now' });
          return database;
        },
      },
    });
    const change = changeContainer(watching, containerRow(), note);
    await expect(change).rejects.toMatchObject({ kind: 'conflict' });
    expect(seen).toEqual([]);
  });
});

function running() {
  const row = containerRow();
  const { pid = 0 } = process;
  const self = { pid, startTime: 0 };
  const record = { monitor: self, init: self, started: 7, restarts: 0 };
  return { row, status: { state: 'running' as const, record } };
}

function failWith(message: string): () => Promise<never> {
  return async () => {
    throw new Error(message);
  };
}

/** The next case begins anew. */
async function afterwards(): Promise<void> {
  await new Promise((done) => server?.close(done));
  server = undefined;
  seen = [];
  deleteContainer(room.context.database, ID as ContainerId);
  rmSync(join(room.context.paths.containers, ID, 'exit'), { force: true });
}
