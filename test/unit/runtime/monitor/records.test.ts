import { describe, expect, it } from 'vitest';
import { parseExitRecord, parseStateRecord } from '../../../../src/runtime/monitor/records.ts';

describe('the records of the monitor', () => {
  it('tell who runs', () => {
    expect(parseStateRecord('monitor 10 5000\ninit 11 5001\nstarted 1700000000123\n')).toEqual({
      monitor: { pid: 10, startTime: 5000 },
      init: { pid: 11, startTime: 5001 },
      started: 1700000000123,
      restarts: 0,
    });
  });

  it('tell who waits to be started again', () => {
    expect(parseStateRecord('monitor 10 5000\nrestarting 9\nstarted 7\nrestarts 3\n')).toEqual({
      monitor: { pid: 10, startTime: 5000 },
      init: { pid: 0, startTime: 0 },
      started: 7,
      restarting: 9,
      restarts: 3,
    });
  });

  it('tell how it ended', () => {
    expect(parseExitRecord('code 137\nsignal 9\noom 1\nstarted 1\nfinished 2\n')).toEqual({
      code: 137,
      signal: 9,
      oom: true,
      started: 1,
      finished: 2,
    });
    expect(parseExitRecord('code 0\noom 0\nstarted 1\nfinished 2\n')).toEqual({
      code: 0,
      oom: false,
      started: 1,
      finished: 2,
    });
  });

  it('read as an unknown end, and as nobody running, when a crash left them empty', () => {
    expect(parseExitRecord('')).toEqual({ code: 255, oom: false, started: 0, finished: 0 });
    expect(parseStateRecord('monitor 1').monitor).toEqual({ pid: 0, startTime: 0 });
    expect(parseStateRecord('').monitor).toEqual({ pid: 0, startTime: 0 });
  });

  it('keep the evidence of how it ended, each only when there is some', () => {
    const evidence = [
      'oom-kills 2',
      'memory-peak 9000000000',
      'memory-limit 8000',
      'throttled 5 123456',
      'pids-refused 7',
      'sent 15 1700000000123',
      'escalated 1',
    ];
    expect(parseExitRecord(`code 137\n${evidence.join('\n')}\n`)).toMatchObject({
      oomKills: 2,
      memoryPeak: 9_000_000_000,
      memoryLimit: 8000,
      throttled: { periods: 5, microseconds: 123_456 },
      pidsRefused: 7,
      sent: { signal: 15, at: 1_700_000_000_123 },
      escalated: true,
    });
    const known = Object.keys(parseExitRecord('code 0\nthrottled 5\nsent x y\nescalated 0\noom-kills\n'));
    expect(known).toEqual(['code', 'oom', 'started', 'finished']);
  });

  it('may say more than is known here', () => {
    expect(parseExitRecord('code 3\nfuture a b\n').code).toBe(3);
  });
});
