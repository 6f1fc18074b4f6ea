import { describe, expect, it } from 'vitest';
import type { SubnetDefinition } from '../../../../src/network/address/definition.ts';
import { isLeasable, nextAddress } from '../../../../src/network/address/lease-order.ts';

const plain: SubnetDefinition = { subnet: '10.0.0.0/29', gateway: '10.0.0.1', auxiliary: {} };

function next(definition: SubnetDefinition, last?: string, taken: readonly string[] = []) {
  return nextAddress(definition, { last, isTaken: (address) => taken.includes(address) });
}

/** All that are handed out until there is none left. */
function all(definition: SubnetDefinition): string[] {
  const taken: string[] = [];
  for (;;) {
    const address = next(definition, taken.at(-1), taken);
    if (address === undefined) return taken;
    taken.push(address);
  }
}

describe('nextAddress', () => {
  it('begins behind the gateway and ends before the broadcast', () => {
    expect(all(plain)).toEqual(['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']);
  });

  it('goes on behind the last one although others have become free', () => {
    expect(next(plain, '10.0.0.4')).toBe('10.0.0.5');
  });

  it('begins anew at the end, and passes by what is taken', () => {
    expect(next(plain, '10.0.0.6', ['10.0.0.2'])).toBe('10.0.0.3');
  });

  it('never gives the gateway or an auxiliary address, however they are written', () => {
    const definition = { subnet: 'fd00::/125', gateway: 'FD00:0::1', auxiliary: { printer: 'fd00:0:0::3' } };
    expect(all(definition)).toEqual(['fd00::2', 'fd00::4', 'fd00::5', 'fd00::6', 'fd00::7']);
  });

  it('stays in the range, whose first address is one like others', () => {
    expect(all({ ...plain, subnet: '10.0.0.0/24', range: '10.0.0.8/30' })).toEqual([
      '10.0.0.8',
      '10.0.0.9',
      '10.0.0.10',
      '10.0.0.11',
    ]);
  });

  it('begins in a range that was changed', () => {
    const definition = { ...plain, subnet: '10.0.0.0/24', range: '10.0.0.8/30' };
    expect(next(definition, '10.0.0.200')).toBe('10.0.0.8');
    expect(next(definition, '10.0.0.3')).toBe('10.0.0.8');
  });

  it('gives both addresses of a point-to-point subnet', () => {
    expect(all({ subnet: '10.0.0.0/31', auxiliary: {} })).toEqual(['10.0.0.0', '10.0.0.1']);
  });

  it('asks for one address only when the next is free', () => {
    const asked: string[] = [];
    const isTaken = (address: string) => asked.push(address) > 1;
    expect(nextAddress({ subnet: '10.0.0.0/8', auxiliary: {} }, { last: '10.9.0.1', isTaken })).toBe(
      '10.9.0.2',
    );
    expect(asked).toEqual(['10.9.0.2']);
  });

  it('has none when a range holds only the gateway', () => {
    expect(all({ ...plain, range: '10.0.0.1/32' })).toEqual([]);
  });
});

describe('isLeasable', () => {
  it('takes addresses of the subnet that nobody has for good', () => {
    expect(isLeasable(plain, '10.0.0.6')).toBe(true);
    for (const address of ['10.0.0.0', '10.0.0.1', '10.0.0.7', '10.0.0.8', 'fd00::1'])
      expect(isLeasable(plain, address)).toBe(false);
  });
});
