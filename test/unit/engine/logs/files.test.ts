import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFiles, readLogFiles } from '../../../../src/engine/logs/files.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'skiff-log-'));
  file = join(directory, 'log');
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  rmSync(directory, { recursive: true, force: true });
});

/** Of those who still follow. */
const ends: (() => Promise<void>)[] = [];

const aside = (number: number): string => `${file}.${String(number).padStart(10, '0')}`;

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

/** What is there, and nothing that comes. */
async function read(tail?: number): Promise<string[]> {
  const lines: string[] = [];
  const reading = { tail, isOver: () => true, change: () => Promise.resolve() };
  for await (const some of readLogFiles(new LogFiles(file), reading)) lines.push(...some);
  return lines;
}

/** Follows the log; each call of the result lets it read until it waits, and returns what it has read. */
function followed(tail?: number): () => Promise<string[]> {
  let waits = Promise.withResolvers<void>();
  let changed = Promise.withResolvers<void>();
  let lines: string[] = [];
  const change = (): Promise<void> => {
    changed = Promise.withResolvers();
    waits.resolve();
    return changed.promise;
  };
  let isOver = false;
  const follow = async (): Promise<void> => {
    for await (const some of readLogFiles(new LogFiles(file), { tail, isOver: () => isOver, change }))
      lines.push(...some);
  };
  const following = follow();
  ends.push(async () => {
    isOver = true;
    changed.resolve();
    await following;
  });
  return async () => {
    changed.resolve();
    await waits.promise;
    const seen = lines;
    lines = [];
    waits = Promise.withResolvers();
    return seen;
  };
}

/** Steps of whoever writes a log, each of them one that a reader can see. */
function* writing(
  lines: number,
  { compress, single }: { compress: boolean; single: boolean },
): Generator<void> {
  let number = 0;
  for (let line = 1; line <= lines; line += 1) {
    if (line % 3 === 0 && single) {
      unlinkSync(file);
      yield;
    } else if (line % 3 === 0) {
      number += 1;
      renameSync(file, aside(number));
      yield;
      writeFileSync(file, '');
      yield;
      if (compress && number % 2 === 0) {
        writeFileSync(`${aside(number)}.gz.draft`, gzipSync(readFileSync(aside(number))));
        renameSync(`${aside(number)}.gz.draft`, `${aside(number)}.gz`);
        yield;
        unlinkSync(aside(number));
        yield;
      }
    }
    appendFileSync(file, `${line}\n`);
    yield;
  }
}

describe('the files of a log', () => {
  it('are in the order of their numbers; those of an earlier version come first', async () => {
    writeFileSync(`${file}.2.gz`, gzipSync('1\n'));
    writeFileSync(`${file}.1`, '2\n');
    writeFileSync(aside(1), '3\n');
    writeFileSync(`${aside(2)}.gz`, gzipSync('4\n'));
    writeFileSync(`${aside(2)}.gz.draft`, 'nothing');
    writeFileSync(`${file}.old`, 'nothing\n');
    writeFileSync(aside(10), '5\n');
    writeFileSync(file, '6\n');
    expect(await read()).toEqual(numbers(1, 6));
    expect(await read(3)).toEqual(numbers(4, 6));
    expect(await read(0)).toEqual([]);
  });

  it('are each read once when they are compressed, together or alone', async () => {
    writeFileSync(aside(1), '1\n');
    writeFileSync(`${aside(1)}.gz`, gzipSync('1\n'));
    writeFileSync(file, '2\n');
    expect(await read()).toEqual(['1', '2']);
    unlinkSync(aside(1));
    expect(await read()).toEqual(['1', '2']);
  });

  it('are followed when several were put aside since the last look, the one being read compressed', async () => {
    writeFileSync(file, '1\n');
    const next = followed();
    expect(await next()).toEqual(['1']);
    appendFileSync(file, '2\n');
    renameSync(file, aside(1));
    writeFileSync(`${aside(1)}.gz`, gzipSync(readFileSync(aside(1))));
    unlinkSync(aside(1));
    writeFileSync(aside(2), '3\n');
    writeFileSync(file, '4\n');
    expect(await next()).toEqual(['2', '3', '4']);
    renameSync(file, aside(3));
    expect(await next()).toEqual([]);
    writeFileSync(file, '5\n');
    expect(await next()).toEqual(['5']);
  });

  it('are followed when the one that is read was replaced or made empty', async () => {
    writeFileSync(file, '1\n');
    const next = followed();
    expect(await next()).toEqual(['1']);
    appendFileSync(file, '2\n');
    unlinkSync(file);
    writeFileSync(file, '3\n');
    expect(await next()).toEqual(['2', '3']);
    appendFileSync(file, '4\npart');
    expect(await next()).toEqual(['4']);
    truncateSync(file);
    appendFileSync(file, '5\n');
    expect(await next()).toEqual(['5']);
  });

  it('are followed from the last lines on', async () => {
    writeFileSync(aside(7), '1\n2\n');
    writeFileSync(file, '3\n');
    const next = followed(2);
    expect(await next()).toEqual(['2', '3']);
    renameSync(file, aside(8));
    writeFileSync(file, '4\n');
    expect(await next()).toEqual(['4']);
  });

  it('may come, and go, later than their reader', async () => {
    const next = followed();
    expect(await next()).toEqual([]);
    writeFileSync(file, '1\n');
    expect(await next()).toEqual(['1']);
    rmSync(directory, { recursive: true });
    expect(await next()).toEqual([]);
  });

  // Between any two waits of the reader for a file the writer does so many steps, or so often none.
  it.each([0.1, 0.3, 1, 2, 5])(
    'are neither repeated, left out nor confused, at %d steps a look',
    async (speed) => {
      for (const compress of [false, true]) {
        const steps = writing(400, { compress, single: false });
        let [done, due] = [false, 0];
        const write = (): void => {
          for (due += speed; due >= 1 && !done; due -= 1) done = steps.next().done === true;
          if (!done) setImmediate(write);
        };
        write();
        const lines: string[] = [];
        const change = () => new Promise<void>((resolve) => setImmediate(resolve));
        for await (const some of readLogFiles(new LogFiles(file), { isOver: () => done, change }))
          lines.push(...some);
        expect(lines).toEqual(numbers(1, 400));
        for (const name of readdirSync(directory)) unlinkSync(join(directory, name));
      }
    },
  );

  it('are each read to the end when there is only one at a time and the reader is as fast', async () => {
    const steps = writing(60, { compress: false, single: true });
    steps.next();
    const next = followed();
    const lines = [...(await next())];
    while (steps.next().done !== true) lines.push(...(await next()));
    expect(lines).toEqual(numbers(1, 60));
  });
});
