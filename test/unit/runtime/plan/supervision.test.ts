import { describe, expect, it } from 'vitest';
import { supervisionRecords } from '../../../../src/runtime/plan/supervision.ts';

describe('the records of supervision', () => {
  it('are none for a container that nobody supervises', () => {
    expect(supervisionRecords(undefined)).toEqual([]);
    expect(supervisionRecords({})).toEqual([]);
  });

  it('say everything in numbers, and the check word by word', () => {
    const health = {
      argv: ['/bin/sh', '-c', 'true'],
      intervalMs: 1,
      timeoutMs: 2,
      startPeriodMs: 3,
      startIntervalMs: 4,
      retries: 5,
      onFailure: 'stop',
    } as const;
    const restart = { name: 'on-failure', maximum: 9 } as const;
    const events = { path: '/events', attributes: '"name":"x"' };
    const checks = { version: 'v1', path: '/freezer/x' } as const;
    expect(supervisionRecords({ restart, runTimeoutMs: 60_000, health, events }, checks)).toEqual([
      ['restart', 'on-failure', '9'],
      ['timeout', '60000'],
      ['health', '1', '2', '3', '4', '5', 'stop'],
      ['health-cgroup', '/freezer/x'],
      ['health-arg', '/bin/sh'],
      ['health-arg', '-c'],
      ['health-arg', 'true'],
      ['events', '/events', '"name":"x"'],
    ]);
  });
});
