import { describe, expect, it } from 'vitest';
import { readEvidence } from '../../../../src/runtime/cgroup/evidence.ts';

function reading(version: 'v1' | 'v2', files: Record<string, string>) {
  return readEvidence(
    (controller) => ({ version, path: `/${controller}` }),
    (file) => files[file],
  );
}

describe('readEvidence', () => {
  const expected = {
    oomKills: 2,
    memoryPeak: 4096,
    throttled: { periods: 7, microseconds: 1500 },
    pidsRefused: 3,
  };

  it('reads the counters of v1', () => {
    expect(
      reading('v1', {
        '/memory/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
        '/memory/memory.max_usage_in_bytes': '4096\n',
        '/cpu/cpu.stat': 'nr_periods 10\nnr_throttled 7\nthrottled_time 1500000\n',
        '/pids/pids.events': 'max 3\n',
      }),
    ).toEqual(expected);
  });

  it('reads the counters of v2', () => {
    expect(
      reading('v2', {
        '/memory/memory.events': 'low 0\nhigh 0\nmax 9\noom 5\noom_kill 2\noom_group_kill 0\n',
        '/memory/memory.peak': '4096\n',
        '/cpu/cpu.stat': 'usage_usec 5\nnr_periods 10\nnr_throttled 7\nthrottled_usec 1500\n',
        '/pids/pids.events': 'max 3\n',
      }),
    ).toEqual(expected);
  });

  it('counts nothing where there is nothing to read', () => {
    const nothing = { oomKills: 0, memoryPeak: undefined, throttled: undefined, pidsRefused: 0 };
    expect(reading('v2', {})).toEqual(nothing);
    expect(readEvidence(() => undefined)).toEqual(nothing);
  });
});
