import { describe, expect, it } from 'vitest';
import {
  chooseSubnet4,
  chooseSubnet6,
  parseAddressPools,
} from '../../../../src/network/address/address-pool.ts';
import { formatSubnet, parseSubnet } from '../../../../src/network/address/subnet.ts';

const subnets = (...texts: string[]) => texts.map((text) => parseSubnet(text));

function choose(purpose: 'bridge' | 'user', taken: string[] = [], configured?: string) {
  return formatSubnet(chooseSubnet4(purpose, { taken: subnets(...taken), configured }));
}

describe('the subnet of the network bridge', () => {
  it("is Docker's", () => {
    expect(choose('bridge')).toBe('172.17.0.0/16');
  });

  it('is the next of its size when that is taken', () => {
    expect(choose('bridge', ['172.17.5.0/24'])).toBe('172.18.0.0/16');
    expect(choose('bridge', ['172.17.0.0/16', '172.18.0.1/32', '172.20.0.0/14'])).toBe('172.19.0.0/16');
    expect(choose('bridge', ['172.17.0.0/16', '172.18.0.0/15', '172.20.0.0/14', '172.24.0.0/13'])).toBe(
      '172.16.0.0/16',
    );
  });

  it('is a small one when nothing else is left', () => {
    expect(choose('bridge', ['172.16.0.0/12'])).toBe('192.168.0.0/20');
  });
});

describe('the subnet of a network that a user makes', () => {
  it('is one twentieth behind another', () => {
    expect(choose('user')).toBe('172.18.0.0/20');
    expect(choose('user', ['172.18.0.0/20', '172.18.16.0/20'])).toBe('172.18.32.0/20');
  });

  it('passes by larger and smaller ones at once', () => {
    expect(choose('user', ['172.18.0.0/16', '172.19.0.7/32', '172.19.20.0/24'])).toBe('172.19.32.0/20');
  });

  it('comes from 192.168.0.0/16, then from 10.64.0.0/10', () => {
    expect(choose('user', ['172.16.0.0/12', '192.168.1.0/24'])).toBe('192.168.16.0/20');
    expect(choose('user', ['172.16.0.0/12', '192.168.0.0/16'])).toBe('10.64.0.0/24');
    expect(choose('user', ['172.16.0.0/12', '192.168.0.0/16', '10.64.0.0/16'])).toBe('10.65.0.0/24');
  });

  it('is none when all pools are taken', () => {
    expect(() => choose('user', ['172.16.0.0/12', '192.168.0.0/16', '10.0.0.0/8'])).toThrow(
      expect.objectContaining({ kind: 'unavailable', hint: expect.stringContaining('SKIFF_ADDRESS_POOLS') }),
    );
  });
});

describe('configured pools', () => {
  const text = 'base=10.10.0.0/23,size=24; base=fd00:9::/48,size=64;';

  it('replace those of both kinds of networks', () => {
    expect(choose('bridge', [], text)).toBe('10.10.0.0/24');
    expect(choose('user', ['10.10.0.0/24'], text)).toBe('10.10.1.0/24');
    expect(() => choose('user', ['10.10.0.0/23'], text)).toThrow('no subnet is free');
  });

  it('may have IPv6', () => {
    expect(formatSubnet(chooseSubnet6({ taken: subnets('fd00:9::/64'), configured: text }))).toBe(
      'fd00:9:0:1::/64',
    );
  });

  it.each([
    'base=10.10.0.0/16',
    'size=24',
    'base=10.10.0.0/16,size=x',
    'base=10.10.0.0/16,size=24,size=25',
    'base=10.10.0.0/16,length=24',
    '10.10.0.0/16',
    'base=10.10.0.0/16,size=8',
    'base=10.10.0.0/16,size=31',
  ])('refuses %j', (wrong) => {
    expect(() => parseAddressPools(wrong)).toThrow(
      expect.objectContaining({ kind: 'invalid', subject: wrong }),
    );
  });
});

describe('the IPv6 subnet', () => {
  it('is a unique local one that differs each time', () => {
    const [one, other] = [chooseSubnet6({ taken: [] }), chooseSubnet6({ taken: [] })];
    expect(formatSubnet(one)).toMatch(/^fd[0-9a-f:]+::\/64$/);
    expect(one.base).not.toBe(other.base);
    expect((one.base >> 64n) & 0xffffn).toBe(0n);
  });
});
