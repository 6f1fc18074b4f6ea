import { expect, it } from 'vitest';
import { checkLimits } from '../../../../src/engine/build/check-limits.ts';

it.each([
  [{ memory: 1024 }, 'below the minimum of 6MB'],
  [{ nanoCpus: 9999e9 }, 'CPUs'],
  [{ cgroupParent: '../x' }, 'cannot be the parent of a cgroup'],
])('limits of steps that no RUN could have are refused, whether or not one is done: %j', (limits, why) => {
  expect(() => checkLimits(limits)).toThrow(
    expect.objectContaining({ kind: 'invalid', message: expect.stringContaining(why) }),
  );
});

it('limits that a RUN can have are not', () => {
  checkLimits({ memory: 64 << 20, nanoCpus: 5e8, cgroupParent: '/team/a' });
});
