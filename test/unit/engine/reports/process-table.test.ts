import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { duration, processTable, startTime, terminal } from '../../../../src/engine/reports/process-table.ts';

describe('the columns of ps', () => {
  it('are read of a process from /proc', () => {
    const { titles, processes } = processTable([process.pid]);
    expect(titles).toEqual(['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD']);
    const [cells] = processes;
    expect(cells?.slice(1, 3)).toEqual([String(process.pid), String(process.ppid)]);
    expect(cells?.[3]).toMatch(/^\d{1,2}$/);
    expect(cells?.[4]).toMatch(/^\d\d:\d\d$|^[A-Z][a-z]{2}\d\d$/);
    expect(cells?.[6]).toMatch(/^\d\d:\d\d:\d\d$/);
    expect(cells?.[7]).toContain('node');
  });

  it('have the first 128 KiB of arguments, however many of them are empty', async () => {
    const empty = Array<string>(120_000).fill('');
    const child = spawn('sleep', ['1000', ...Array<string>(120_000).fill('0')], { stdio: 'ignore' });
    const hollow = spawn('sh', ['-c', 'read x', ...empty, 'end'], { stdio: ['pipe', 'ignore', 'ignore'] });
    try {
      await Promise.all([once(child, 'spawn'), once(hollow, 'spawn')]);
      const { processes } = processTable([child.pid ?? 0, hollow.pid ?? 0]);
      expect(processes.map((cells) => cells.at(-1)?.length)).toEqual([
        128 << 10,
        'sh -c read x end'.length + empty.length,
      ]);
    } finally {
      child.kill();
      hollow.stdin?.end();
    }
  });

  it('leave out who is gone', () => {
    expect(processTable([2 ** 22 + 1]).processes).toEqual([]);
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
