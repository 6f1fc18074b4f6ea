import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { duration, processTable, startTime, terminal } from '../../../../src/engine/reports/process-table.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'skiff-unit-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

describe('the columns of ps', () => {
  it('have names in brackets for the command lines that the kernel keeps back', async () => {
    const helper = join(directory, 'slow');
    const own = process.pid;
    const prints = `printf '${process.ppid} all of it\\0'; printf '${own} some'`;
    writeFileSync(helper, `#!/bin/sh\n${prints}; exec sleep 1000`, { mode: 0o700 });
    const { processes } = await processTable(helper, [process.ppid, own]);
    expect(processes.map((cells) => cells.at(-1))).toEqual(['all of it', expect.stringMatching(/^\[.+\]$/)]);
  });

  it('tell the time of today, the day of this year, or the year', () => {
    const now = new Date(2026, 6, 15, 12, 0);
    expect(startTime(new Date(2026, 6, 15, 9, 5), now)).toBe('09:05');
    expect(startTime(new Date(2026, 2, 7, 9, 5), now)).toBe('Mar07');
    expect(startTime(new Date(2025, 6, 15, 9, 5), now)).toBe('2025');
  });

  it('name terminals by their device numbers', () => {
    expect([0, 136 << 8, (136 << 8) | 7, (137 << 8) | 1, (4 << 8) | 1, (4 << 8) | 64].map(terminal)).toEqual([
      '?',
      'pts/0',
      'pts/7',
      'pts/257',
      'tty1',
      'ttyS0',
    ]);
  });

  it('count days when there are any', () => {
    expect([67, 86_400 + 3661].map(duration)).toEqual(['00:01:07', '1-01:01:01']);
  });
});
