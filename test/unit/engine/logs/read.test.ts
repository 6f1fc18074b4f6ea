import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLogs } from '../../../../src/engine/logs/read.ts';
import { containerRow, ID, useContext } from '../fixtures.ts';

const room = useContext();
const ENDED = { code: 0, oom: false, started: 1, finished: 2 };

async function read(): Promise<string[]> {
  const lines: string[] = [];
  for await (const entries of readLogs(room.context, containerRow({ ended: ENDED }), { follow: false }))
    lines.push(...entries.map(({ text }) => text));
  return lines;
}

describe('the log of a container', () => {
  it('that was removed since it was found is that of no container', async () => {
    await expect(read()).rejects.toMatchObject({ kind: 'notFound', message: 'no such container: name' });
  });

  it('that has written nothing yet is empty', async () => {
    mkdirSync(join(room.context.paths.containers, ID), { recursive: true });
    expect(await read()).toEqual([]);
  });

  it('is read from its file', async () => {
    const directory = join(room.context.paths.containers, ID);
    mkdirSync(directory, { recursive: true });
    const line = { log: 'said\n', stream: 'stdout', time: '2026-01-01T00:00:00Z' };
    writeFileSync(join(directory, 'log'), `${JSON.stringify(line)}\n`);
    expect(await read()).toHaveLength(1);
  });
});
