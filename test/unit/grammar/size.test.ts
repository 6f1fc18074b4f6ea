import { describe, expect, it } from 'vitest';
import { parseCpus } from '../../../src/grammar/cpus.ts';
import { duration } from '../../../src/grammar/duration.ts';
import { parseSize } from '../../../src/grammar/size.ts';

describe('parseSize', () => {
  it.each([
    ['0', 0],
    ['1048576', 1048576],
    ['32b', 32],
    ['64k', 65536],
    ['512m', 512 * 1024 ** 2],
    ['512M', 512 * 1024 ** 2],
    ['1g', 1024 ** 3],
    ['1.5GB', 1.5 * 1024 ** 3],
    ['1.5 GiB', 1.5 * 1024 ** 3],
    ['.5k', 512],
    ['2t', 2 * 1024 ** 4],
    ['0.3', 0],
  ])('reads %s in powers of 1024, as Docker does', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', 'm', '-1', '1x', '1mm', '1 0m', '1,5g', '5i', '5ib', '1e3', '9999999p', '0x10', '1.2.3k'])(
    'refuses "%s"',
    (text) => {
      expect(() => parseSize(text)).toThrow(
        expect.objectContaining({ kind: 'invalid', message: `invalid size: "${text}"` }),
      );
    },
  );
});

describe('parseCpus', () => {
  it.each([
    ['0', 0],
    ['0.5', 500_000_000],
    ['.25', 250_000_000],
    ['2', 2_000_000_000],
    ['1.', 1_000_000_000],
    ['0.000000001', 1],
    ['1.1', 1_100_000_000],
  ])('reads %s exactly', (text, nano) => {
    expect(parseCpus(text)).toBe(nano);
  });

  it.each(['', '.', '-1', 'half', '1.2.3', '0.0000000001', '1e3', ' 1'])('refuses "%s"', (text) => {
    expect(() => parseCpus(text)).toThrow(expect.objectContaining({ kind: 'invalid' }));
  });
});

describe('duration', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['30s', 30_000],
    ['1m30s', 90_000],
    ['100ms', 100],
    ['1.5h', 5_400_000],
    ['+.5s', 500],
    ['1h1m1s1ms', 3_661_001],
    ['2000us', 2],
    ['1500µs', 1],
    ['3000000ns', 3],
  ])('reads %s as Go does, in milliseconds', (text, ms) => {
    expect(duration('interval')(text)).toBe(ms);
  });

  it.each(['', '30', 's', '1x', '1s ', '-5s', '10ns', '1.2.3s', '1,5s', '1S', '--1s', '1e3s'])(
    'refuses "%s"',
    (text) => {
      expect(() => duration('interval')(text)).toThrow(
        expect.objectContaining({ kind: 'invalid', message: `invalid interval: "${text}"` }),
      );
    },
  );
});
