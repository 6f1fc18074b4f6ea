import { describe, expect, it } from 'vitest';
import { parseHealthRecord } from '../../../../src/runtime/monitor/health-record.ts';

describe('the record of health', () => {
  it('tells of each check what it printed, whatever that is', () => {
    const text =
      'status unhealthy\nstreak 3\nprobe 10 20 1 12\nprobe 1 2\né\nprobe 30 90 -1 0\n\nprobe 91 92 -2 8\nexec 2 x\n';
    expect(parseHealthRecord(Buffer.from(text))).toEqual({
      status: 'unhealthy',
      streak: 3,
      checks: [
        { started: 10, ended: 20, code: 1, output: 'probe 1 2\né' },
        { started: 30, ended: 90, code: -1, output: '' },
        { started: 91, ended: 92, code: -2, output: 'exec 2 x' },
      ],
    });
  });

  it('is none when it is empty', () => {
    expect(parseHealthRecord(Buffer.alloc(0))).toBeUndefined();
  });
});
