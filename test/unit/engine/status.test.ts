import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { statusOf } from '../../../src/engine/status.ts';
import { processIdentity } from '../../../src/host/process.ts';
import { containerRow, ID, useContext } from './fixtures.ts';

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

  it('is lost when it ran and neither process nor record is left', () => {
    write('containers', 'config.json', '');
    expect(statusOf(room.context, containerRow())).toEqual({ state: 'lost' });
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
});
