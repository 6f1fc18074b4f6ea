import { describe, expect, it } from 'vitest';
import {
  parseDeviceOperations,
  parseDeviceRate,
  parseDeviceWeight,
  parseSwap,
} from '../../../src/grammar/amounts.ts';

describe('amounts of devices', () => {
  it('have Docker’s units for bytes, and none for operations and weights', () => {
    expect(parseDeviceRate('/dev/sda:1mb')).toEqual({ path: '/dev/sda', amount: 1024 ** 2 });
    expect(parseDeviceOperations('/dev/sda:1000')).toEqual({ path: '/dev/sda', amount: 1000 });
    expect(parseDeviceWeight('/dev/sda:200')).toEqual({ path: '/dev/sda', amount: 200 });
  });

  it('come after the last colon', () => {
    const path = '/dev/disk/by-path/pci-0000:00:1f.2-ata-1';
    expect(parseDeviceOperations(`${path}:5`)).toEqual({ path, amount: 5 });
  });

  it.each(['/dev/sda', 'sda:1', '/dev/sda:', '/dev/sda:-1', '/dev/sda:1x', ':5', ''])(
    'are refused: "%s"',
    (text) => {
      for (const parse of [parseDeviceRate, parseDeviceOperations, parseDeviceWeight]) {
        expect(() => parse(text)).toThrow(expect.objectContaining({ kind: 'invalid', subject: text }));
      }
    },
  );
});

describe('--memory-swap', () => {
  it('is a size or -1', () => {
    expect(parseSwap('-1')).toBe(-1);
    expect(parseSwap('1g')).toBe(1024 ** 3);
    expect(() => parseSwap('-2')).toThrow('invalid size');
  });
});
