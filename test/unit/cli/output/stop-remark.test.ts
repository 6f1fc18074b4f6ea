import { describe, expect, it } from 'vitest';
import { stopRemark } from '../../../../src/cli/output/stop-remark.ts';

const SIGTERM = 15;

describe('what stop says', () => {
  it('is nothing when the container did not run or has ended by itself', () => {
    expect(stopRemark('web', undefined)).toBeUndefined();
    expect(stopRemark('web', { signal: SIGTERM, escalated: false, ignored: false })).toBeUndefined();
    expect(stopRemark('web', { signal: SIGTERM, escalated: false, ignored: true })).toBeUndefined();
  });

  it('is that the signal was ignored, with an init as the cure', () => {
    const remark = stopRemark('web', { signal: SIGTERM, escalated: true, ignored: true });
    expect(remark).toMatch(/^web was killed .* ignores SIGTERM.*\nhint: .*--init.*\n$/);
  });

  it('is that the time was too short for what handles the signal', () => {
    const remark = stopRemark('web', { signal: 2, escalated: true, ignored: false });
    expect(remark).toMatch(/^web was killed .* SIGINT .*\nhint: .*-t.*\n$/);
    expect(remark).not.toContain('--init');
  });
});
