import { describe, expect, it } from 'vitest';
import { rlimitRecord, rlimitSpecs, UNLIMITED } from '../../../../src/runtime/spec/rlimits.ts';
import { hostFacts } from '../container-options.ts';

const HOST = hostFacts({ exceedsLimits: () => true });
const limits = (name: string, soft: number, hard = soft, host = HOST) =>
  rlimitSpecs([{ name, soft, hard }], host);

describe('rlimitSpecs', () => {
  it('limits open files as Docker does, as far as this process could', () => {
    expect(rlimitSpecs([], HOST)).toEqual([{ type: 'RLIMIT_NOFILE', soft: 1024, hard: 4096 }]);
    expect(rlimitSpecs([], hostFacts({ openFiles: 512 }))[0]).toMatchObject({ soft: 512, hard: 512 });
    expect(rlimitSpecs([], hostFacts({ openFiles: Number.POSITIVE_INFINITY }))[0]?.hard).toBe(524_288);
  });

  it('takes the place of the default, the last one of a name winning', () => {
    const asked = [
      { name: 'nofile', soft: 10, hard: 20 },
      { name: 'core', soft: 0, hard: -1 },
      { name: 'nofile', soft: 30, hard: 40 },
    ];
    expect(rlimitSpecs(asked, HOST)).toEqual([
      { type: 'RLIMIT_NOFILE', soft: 30, hard: 40 },
      { type: 'RLIMIT_CORE', soft: 0, hard: UNLIMITED },
    ]);
  });

  it.each([
    ['cpu', 0],
    ['fsize', 1],
    ['data', 2],
    ['stack', 3],
    ['core', 4],
    ['rss', 5],
    ['nproc', 6],
    ['nofile', 7],
    ['memlock', 8],
    ['locks', 10],
    ['sigpending', 11],
    ['msgqueue', 12],
    ['nice', 13],
    ['rtprio', 14],
    ['rttime', 15],
  ])('knows %s as number %i', (name, number) => {
    const spec = limits(name, 3, 5).at(-1);
    expect(spec?.type).toBe(`RLIMIT_${name.toUpperCase()}`);
    expect(spec && rlimitRecord(spec)).toEqual(['rlimit', String(number), '3', '5']);
  });

  it('writes no limit as the kernel has it, and config.json as a number that fits', () => {
    const [, spec] = limits('core', -1);
    expect(spec && rlimitRecord(spec)).toEqual([
      'rlimit',
      '4',
      '18446744073709551615',
      '18446744073709551615',
    ]);
    expect(BigInt(JSON.stringify(spec?.hard))).toBeLessThan(2n ** 64n);
  });

  it.each([
    ['nofiles', 1, 1, 'unknown resource limit "nofiles"'],
    ['as', 1, 1, 'unknown resource limit "as"'],
    ['nofile', 5, 4, 'the soft limit of nofile is to be at most the hard one: 5 is above 4'],
    ['nofile', -1, 4, 'the soft limit of nofile is to be at most the hard one: unlimited is above 4'],
    ['nofile', -2, 4, 'the limit nofile=-2:4 is not a number from 0'],
    ['nofile', 1.5, 4, 'the limit nofile=1.5:4 is not a number from 0'],
  ])('refuses %s=%d:%d', (name, soft, hard, message) => {
    expect(() => limits(name, soft, hard)).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining(message), subject: name }),
    );
  });

  it("refuses what is above this process's own limit if it may not exceed it", () => {
    expect(() => limits('nofile', 10, 4097, hostFacts())).toThrow(
      expect.objectContaining({ kind: 'denied', hint: expect.stringContaining('CAP_SYS_RESOURCE') }),
    );
    expect(limits('nofile', 10, 4096, hostFacts())[0]).toMatchObject({ hard: 4096 });
    expect(() => limits('core', -1, -1, hostFacts())).toThrow('the limit of core cannot be unlimited');
    const boundless = hostFacts({ hardLimit: () => Number.POSITIVE_INFINITY });
    expect(limits('core', -1, -1, boundless)).toHaveLength(2);
  });
});
