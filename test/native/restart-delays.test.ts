import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { builtProgram } from '../helpers/built-program.ts';

/** The pauses after runs, in ms; -1: it is not started again. */
function pauses(policy: string, maximum: number, ...runs: readonly string[]): number[] {
  const args = [policy, String(maximum), ...runs];
  const text = execFileSync(builtProgram('restart-delays'), args, { encoding: 'utf8' });
  return text.trim().split('\n').map(Number);
}

const times = (count: number, run: string): string[] => Array.from({ length: count }, () => run);

describe('the pause before a container is started again', () => {
  it('begins with 100 ms, doubles with every crash, and is a minute at most', () => {
    expect(pauses('always', 0, ...times(12, '1:0'))).toEqual([
      ...[100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000],
    ]);
  });

  it('begins anew after ten seconds of running, not a moment before', () => {
    const runs = ['1:0', '1:0', '1:9999', '1:10000', '1:0', '0:3600000'];
    expect(pauses('unless-stopped', 0, ...runs)).toEqual([100, 200, 400, 100, 200, 100]);
  });

  it('comes as often as the policy allows', () => {
    expect(pauses('on-failure', 2, '1:0', '1:0', '1:0')).toEqual([100, 200, -1]);
    expect(pauses('on-failure', 0, '0:0')).toEqual([-1]);
    expect(pauses('no', 0, '1:0')).toEqual([-1]);
  });
});
