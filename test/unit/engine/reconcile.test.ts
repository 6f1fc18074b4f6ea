import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ContainerId, ContainerRow } from '../../../src/engine/container-store.ts';
import { Context } from '../../../src/engine/context.ts';
import { observe } from '../../../src/engine/reconcile.ts';
import { digestOf } from '../../../src/oci/digest.ts';

const ID = 'd'.repeat(64) as ContainerId;
const ROW: ContainerRow = {
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
  starter: '1 0',
  started: true,
  error: undefined,
  ended: undefined,
};

let directory: string;
let context: Context;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'skiff-reconcile-'));
  const opened = new Context({ root: directory, self: [] });
  // The runtime root of a store lies below /run, which a test without root rights cannot write.
  context = Object.create(opened, { paths: { value: { ...opened.paths, run: join(directory, 'run') } } });
  mkdirSync(join(directory, 'containers', ID), { recursive: true });
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('a container whose processes are gone without a record', () => {
  it('has ended, nobody knows how, when it had begun to write its log', async () => {
    writeFileSync(join(directory, 'containers', ID, 'log'), '');
    const observed = await observe(context, ROW);
    expect(observed?.status).toMatchObject({ state: 'exited', record: { code: 255 } });
  });

  it('was only created when the command that was to start it was killed before', async () => {
    const observed = await observe(context, ROW);
    expect(observed?.status).toEqual({ state: 'created' });
    expect(existsSync(join(directory, 'containers', ID))).toBe(true);
  });
});
