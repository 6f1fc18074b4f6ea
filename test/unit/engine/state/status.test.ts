import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { statusOf } from '../../../../src/engine/state/status.ts';
import { insertContainer } from '../../../../src/engine/store/containers.ts';
import { processIdentity } from '../../../../src/host/process.ts';
import { containerRow, ID, useContext } from '../fixtures.ts';

const room = useContext();

function write(place: 'containers' | 'run', name: string, text: string): void {
  mkdirSync(join(room.directory, place, ID), { recursive: true });
  writeFileSync(join(room.directory, place, ID, name), text);
}

function self(): string {
  const identity = processIdentity(process.pid);
  return `${identity?.pid} ${identity?.startTime}`;
}

describe('the status of a container', () => {
  it('is running while its monitor lives with the recorded start time', () => {
    write('run', 'state', `monitor ${self()}\ninit 1 1\nstarted 5\n`);
    expect(statusOf(room.context, containerRow())).toMatchObject({
      state: 'running',
      record: { started: 5 },
    });
  });

  it('is orphaned when another process has the pid of its monitor', () => {
    write('run', 'state', `monitor ${process.pid} 1\ninit 1 1\nstarted 5\n`);
    expect(statusOf(room.context, containerRow())).toEqual({ state: 'orphaned' });
  });

  it('is exited from the moment of its exit record, whatever else is still there', () => {
    write('run', 'state', `monitor ${self()}\ninit 1 1\nstarted 5\n`);
    write('containers', 'exit', 'code 3\noom 0\nstarted 5\nfinished 6\n');
    expect(statusOf(room.context, containerRow())).toMatchObject({ state: 'exited', record: { code: 3 } });
  });

  it('is orphaned when its monitor was killed between the exit record and the end of the teardown', () => {
    write('run', 'state', `monitor ${process.pid} 1\ninit 1 1\nstarted 5\n`);
    write('containers', 'exit', 'code 3\noom 0\nstarted 5\nfinished 6\n');
    expect(statusOf(room.context, containerRow())).toEqual({ state: 'orphaned' });
  });

  it('is exited without a look at the disk once that is in the database', () => {
    const ended = { code: 1, oom: false, started: 1, finished: 2 };
    expect(statusOf(room.context, containerRow({ ended }))).toEqual({ state: 'exited', record: ended });
  });

  it('is starting while the command that starts it lives, and orphaned when that died halfway', () => {
    write('run', 'plan', '');
    expect(statusOf(room.context, containerRow({ starter: self() }))).toEqual({ state: 'starting' });
    expect(statusOf(room.context, containerRow({ starter: `${process.pid} 1` }))).toEqual({
      state: 'orphaned',
    });
  });

  it('is starting when another command has begun to start it since its row was read', () => {
    insertContainer(room.context.database, containerRow({ starter: self() }), () => false);
    write('run', 'plan', '');
    expect(statusOf(room.context, containerRow({ starter: undefined }))).toEqual({ state: 'starting' });
  });

  it('is gone once it left its mark, although the command that had it in the foreground still lives', () => {
    mkdirSync(room.context.paths.gone, { recursive: true });
    writeFileSync(join(room.context.paths.gone, ID), '');
    const row = containerRow({ starter: self(), autoRemove: true });
    expect(statusOf(room.context, row)).toEqual({ state: 'gone' });
  });

  it('is lost when it was started before a reboot and neither process nor record is left', () => {
    write('containers', 'config.json', '');
    expect(statusOf(room.context, containerRow({ boot: 'another' }))).toEqual({ state: 'lost' });
    expect(statusOf(room.context, containerRow({ boot: undefined }))).toEqual({ state: 'lost' });
  });

  it('is what it was before when its start was killed before it began', () => {
    const ended = { code: 1, oom: false, started: 1, finished: 2 };
    write('containers', 'config.json', '');
    const starter = `${process.pid} 1`;
    expect(statusOf(room.context, containerRow({ starter }))).toEqual({ state: 'created' });
    expect(statusOf(room.context, containerRow({ starter, ended }))).toEqual({
      state: 'exited',
      record: ended,
    });
  });

  it('is that of its last run, whatever became of those before', () => {
    const ended = { code: 1, oom: false, started: 1, finished: 2 };
    const row = containerRow({ starter: self(), ended });
    write('containers', 'config.json', '');
    expect(statusOf(room.context, row)).toEqual({ state: 'starting' });
    write('run', 'state', `monitor ${self()}\ninit 1 1\nstarted 5\n`);
    expect(statusOf(room.context, row)).toMatchObject({ state: 'running' });
    write('containers', 'exit', 'code 3\noom 0\nstarted 5\nfinished 6\n');
    expect(statusOf(room.context, row)).toMatchObject({ state: 'exited', record: { code: 3 } });
  });

  it('has the exit code of a start that failed, and the times of the last run', () => {
    const ended = { code: 1, oom: false, started: 1, finished: 2 };
    write('containers', 'config.json', '');
    const error = { message: 'no', exitCode: 127 };
    expect(statusOf(room.context, containerRow({ starter: self(), ended, error }))).toEqual({
      state: 'exited',
      record: { code: 127, oom: false, started: 1, finished: 2 },
    });
  });

  it('is created when its start failed', () => {
    write('containers', 'config.json', '');
    expect(statusOf(room.context, containerRow({ error: { message: 'no', exitCode: 127 } }))).toEqual({
      state: 'created',
    });
  });

  it('is gone when its files are', () => {
    expect(statusOf(room.context, containerRow({ autoRemove: true }))).toEqual({ state: 'gone' });
  });

  it('is gone when whoever created it was killed before it had files', () => {
    const row = containerRow({ started: false, boot: undefined });
    expect(statusOf(room.context, { ...row, starter: self() })).toEqual({ state: 'starting' });
    expect(statusOf(room.context, { ...row, starter: `${process.pid} 1` })).toEqual({ state: 'gone' });
  });
});
