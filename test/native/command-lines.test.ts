import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { processTable } from '../../src/engine/reports/process-table.ts';
import { HELPER } from '../helpers/plan.ts';

/** More than there is. */
const NOBODY = 2 ** 22 + 1;

describe('command-lines', () => {
  it('prints arguments with blanks between them, and leaves out who is gone or has none', () => {
    const pids = [process.pid, NOBODY, 2, process.ppid].map(String);
    const [own, parent, ...more] = execFileSync(HELPER, ['command-lines', ...pids], {
      encoding: 'utf8',
    }).split('\0');
    expect(own).toMatch(new RegExp(`^${process.pid} .*node`));
    expect(parent).toMatch(new RegExp(`^${process.ppid} .`));
    expect(more).toEqual(['']);
  });

  it('refuses what is no pid', () => {
    expect(() => execFileSync(HELPER, ['command-lines', '../1'], { stdio: 'pipe' })).toThrow('usage');
  });
});

describe('the columns of ps', () => {
  it('are read of a process from /proc', async () => {
    const { titles, processes } = await processTable(HELPER, [process.pid, NOBODY]);
    expect(titles).toEqual(['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD']);
    const [cells, ...more] = processes;
    expect(more).toEqual([]);
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
      const { processes } = await processTable(HELPER, [child.pid ?? 0, hollow.pid ?? 0]);
      expect(processes.map((cells) => cells.at(-1)?.length)).toEqual([
        128 << 10,
        'sh -c read x end'.length + empty.length,
      ]);
    } finally {
      child.kill();
      hollow.stdin?.end();
    }
  });
});
