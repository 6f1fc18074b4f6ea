import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLogs } from '../../../../src/engine/logs/read.ts';
import { containerRow, ID, useContext } from '../fixtures.ts';

const room = useContext();
const ENDED = { code: 0, oom: false, started: 1, finished: 2 };

async function read(meanwhile = () => {}): Promise<string[]> {
  const lines: string[] = [];
  const reading = await readLogs(room.context, containerRow({ ended: ENDED }), { follow: false });
  meanwhile();
  for await (const entries of reading) lines.push(...entries.map(({ text }) => text));
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

  it('is read although the container is removed once the reading has begun', async () => {
    const directory = join(room.context.paths.containers, ID);
    mkdirSync(directory, { recursive: true });
    const line = { log: 'said\n', stream: 'stdout', time: '2026-01-01T00:00:00Z' };
    for (const name of ['log.0000000001', 'log'])
      writeFileSync(join(directory, name), `${JSON.stringify(line)}\n`);
    expect(await read(() => rmSync(directory, { recursive: true }))).toHaveLength(2);
    mkdirSync(directory);
    expect(await read(() => rmSync(directory, { recursive: true }))).toEqual([]);
  });
});
