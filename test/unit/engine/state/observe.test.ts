import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { observe, observed, running } from '../../../../src/engine/state/observe.ts';
import { containerById, insertContainer, recordStart } from '../../../../src/engine/store/containers.ts';
import { bootId } from '../../../../src/host/boot-id.ts';
import { processIdentity } from '../../../../src/host/process.ts';
import { containerRow, ID, useContext } from '../fixtures.ts';

const room = useContext();
const ROW = containerRow({ starter: '1 0' });
const SELF = `${process.pid} ${processIdentity(process.pid)?.startTime}`;

function insert(row = ROW): typeof ROW {
  insertContainer(room.context.database, row, () => false);
  return row;
}

beforeEach(() => {
  mkdirSync(join(room.directory, 'containers', ID), { recursive: true });
});

describe('a container whose processes are gone without a record', () => {
  it('has ended, nobody knows how, when it was started before the last reboot', async () => {
    const observed = await observe(room.context, insert({ ...ROW, boot: 'another' }));
    expect(observed?.status).toMatchObject({ state: 'exited', record: { code: 255 } });
    expect(containerById(room.context.database, ID)).toMatchObject({
      ended: { code: 255 },
      starter: undefined,
    });
  });

  it('was only created when the command that was to start it was killed before', async () => {
    const observed = await observe(room.context, ROW);
    expect(observed?.status).toEqual({ state: 'created' });
    expect(existsSync(join(room.directory, 'containers', ID))).toBe(true);
  });
});

describe('the end of a container', () => {
  beforeEach(() => {
    writeFileSync(join(room.directory, 'containers', ID, 'exit'), 'code 3\noom 0\nstarted 5\nfinished 6\n');
  });

  it('is kept in its row once it is seen', async () => {
    await observe(room.context, insert());
    expect(containerById(room.context.database, ID)).toMatchObject({
      ended: { code: 3 },
      starter: undefined,
    });
  });

  it('is not kept while its monitor still takes it apart', async () => {
    mkdirSync(join(room.directory, 'run', ID), { recursive: true });
    writeFileSync(join(room.directory, 'run', ID, 'state'), `monitor ${SELF}\ninit 1 1\nstarted 5\n`);
    expect((await observe(room.context, insert()))?.status).toMatchObject({ state: 'exited' });
    expect(containerById(room.context.database, ID)?.ended).toBeUndefined();
  });

  it('is not taken for that of a run which somebody has begun since it was looked at', async () => {
    const seen = insert();
    rmSync(join(room.directory, 'containers', ID, 'exit'));
    recordStart(room.context.database, ID, { starter: SELF, boot: bootId() });
    await observe(room.context, seen);
    expect(containerById(room.context.database, ID)).toMatchObject({ ended: undefined, starter: SELF });
  });
});

describe('a container that has to be there', () => {
  it('is what it is doing now', async () => {
    expect((await observed(room.context, insert())).status).toEqual({ state: 'created' });
  });

  it('is said to be gone, and how it ended, once it went with its end', async () => {
    const row = insert({ ...ROW, autoRemove: true });
    rmSync(join(room.directory, 'containers', ID), { recursive: true });
    mkdirSync(room.context.paths.gone, { recursive: true });
    writeFileSync(join(room.context.paths.gone, ID), 'code 3\noom 0\nstarted 5\nfinished 6\n');
    await expect(observed(room.context, row)).rejects.toMatchObject({
      kind: 'notFound',
      message: 'no such container: name',
      remedy: expect.stringContaining('it ended with exit code 3'),
    });
  });
});

describe('a container that has to run', () => {
  function writeState(more: string): void {
    mkdirSync(join(room.directory, 'run', ID), { recursive: true });
    writeFileSync(
      join(room.directory, 'run', ID, 'state'),
      `monitor ${SELF}\ninit ${SELF}\nstarted 5\n${more}`,
    );
  }

  it('is its row and the record of its run', async () => {
    writeState('');
    const { row, status } = await running(room.context, insert());
    expect([row.id, status.record.init.pid]).toEqual([ID, process.pid]);
  });

  it('is refused when it does not run, with how to find out and how to start it', async () => {
    await expect(running(room.context, insert())).rejects.toMatchObject({
      kind: 'conflict',
      message: 'container name is not running',
      remedy: 'skiff ps -a shows what it is doing, skiff start name starts it',
    });
  });

  it('is refused while it waits to be started again', async () => {
    writeState('restarting 9\n');
    await expect(running(room.context, insert())).rejects.toMatchObject({
      kind: 'conflict',
      message: 'container name is restarting, wait until it is running',
    });
  });
});
