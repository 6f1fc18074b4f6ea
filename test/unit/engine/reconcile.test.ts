import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { observe } from '../../../src/engine/reconcile.ts';
import { containerRow, ID, useContext } from './fixtures.ts';

const room = useContext();
const ROW = containerRow({ starter: '1 0' });

beforeEach(() => {
  mkdirSync(join(room.directory, 'containers', ID), { recursive: true });
});

describe('a container whose processes are gone without a record', () => {
  it('has ended, nobody knows how, when it had begun to write its log', async () => {
    writeFileSync(join(room.directory, 'containers', ID, 'log'), '');
    const observed = await observe(room.context, ROW);
    expect(observed?.status).toMatchObject({ state: 'exited', record: { code: 255 } });
  });

  it('was only created when the command that was to start it was killed before', async () => {
    const observed = await observe(room.context, ROW);
    expect(observed?.status).toEqual({ state: 'created' });
    expect(existsSync(join(room.directory, 'containers', ID))).toBe(true);
  });
});
