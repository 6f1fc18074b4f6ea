import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ContainerId, ContainerRow } from '../../../src/engine/container-store.ts';
import { Context } from '../../../src/engine/context.ts';
import { statusOf } from '../../../src/engine/status.ts';
import { processIdentity } from '../../../src/host/process.ts';
import { digestOf } from '../../../src/oci/digest.ts';

const ID = 'c'.repeat(64) as ContainerId;

let directory: string;
let context: Context;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'skiff-status-'));
  const opened = new Context({ root: directory, self: [] });
  // The runtime root of a store lies below /run, which a test without root rights cannot write.
  context = Object.create(opened, { paths: { value: { ...opened.paths, run: join(directory, 'run') } } });
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function row(changes: Partial<ContainerRow> = {}): ContainerRow {
  return {
    id: ID,
    name: 'name',
    imageId: digestOf(''),
    imageName: 'image',
    layers: [],
    argv: ['true'],
    options: {
      image: 'image',
      process: { command: [], env: [], stdin: false },
      isolation: { network: 'none', readOnly: false },
      resources: {},
      autoRemove: false,
    },
    autoRemove: false,
    createdAt: 0,
    starter: undefined,
    started: true,
    error: undefined,
    ended: undefined,
    ...changes,
  };
}

function write(place: 'containers' | 'run', name: string, text: string): void {
  mkdirSync(join(directory, place, ID), { recursive: true });
  writeFileSync(join(directory, place, ID, name), text);
}

function self(): string {
  const identity = processIdentity(process.pid);
  return `${identity?.pid} ${identity?.startTime}`;
}

describe('the status of a container', () => {
  it('is running while its monitor lives with the recorded start time', () => {
    write('run', 'state', `monitor ${self()}\ninit 1 1\nstarted 5\n`);
    expect(statusOf(context, row())).toMatchObject({ state: 'running', record: { started: 5 } });
  });

  it('is orphaned when another process has the pid of its monitor', () => {
    write('run', 'state', `monitor ${process.pid} 1\ninit 1 1\nstarted 5\n`);
    expect(statusOf(context, row())).toEqual({ state: 'orphaned' });
  });

  it('is exited from the moment of its exit record, whatever else is still there', () => {
    write('run', 'state', `monitor ${self()}\ninit 1 1\nstarted 5\n`);
    write('containers', 'exit', 'code 3\noom 0\nstarted 5\nfinished 6\n');
    expect(statusOf(context, row())).toMatchObject({ state: 'exited', record: { code: 3 } });
  });

  it('is exited without a look at the disk once that is in the database', () => {
    const ended = { code: 1, oom: false, started: 1, finished: 2 };
    expect(statusOf(context, row({ ended }))).toEqual({ state: 'exited', record: ended });
  });

  it('is starting while the command that starts it lives, and orphaned when that died halfway', () => {
    write('run', 'plan', '');
    expect(statusOf(context, row({ starter: self() }))).toEqual({ state: 'starting' });
    expect(statusOf(context, row({ starter: `${process.pid} 1` }))).toEqual({ state: 'orphaned' });
  });

  it('is lost when it ran and neither process nor record is left', () => {
    write('containers', 'config.json', '');
    expect(statusOf(context, row())).toEqual({ state: 'lost' });
  });

  it('is created when its start failed', () => {
    write('containers', 'config.json', '');
    expect(statusOf(context, row({ error: { message: 'no', exitCode: 127 } }))).toEqual({ state: 'created' });
  });

  it('is gone when its files are', () => {
    expect(statusOf(context, row({ autoRemove: true }))).toEqual({ state: 'gone' });
  });
});
