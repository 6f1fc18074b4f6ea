import { describe, expect, it } from 'vitest';
import { formatAddress, requireAddress } from '../../../../src/network/address/address.ts';
import {
  contains,
  containsSubnet,
  firstUsable,
  formatSubnet,
  lastUsable,
  overlaps,
  parsePrefix,
  parseSubnet,
} from '../../../../src/network/address/subnet.ts';

const usable = (text: string) => {
  const subnet = parseSubnet(text);
  return [firstUsable(subnet), lastUsable(subnet)].map((value) =>
    formatAddress({ family: subnet.family, value }),
  );
};

describe('parseSubnet', () => {
  it('gives back what was read', () => {
    for (const text of ['172.18.0.0/16', '10.0.0.4/30', '0.0.0.0/0', 'fd00:1::/64', '10.1.2.3/32'])
      expect(formatSubnet(parseSubnet(text))).toBe(text);
  });

  it.each(['172.18.0.0', '172.18.0.0/', '172.18.0.0/33', '172.18.0.0/016', '/16', 'x/16', 'fd00::/129'])(
    'refuses %j',
    (text) => {
      expect(() => parseSubnet(text)).toThrow('the subnet is not an address with the length of its prefix');
    },
  );

  it('says how a subnet with host bits is written', () => {
    expect(() => parseSubnet('172.18.0.1/16', 'the range')).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        message: 'the range 172.18.0.1/16 has bits behind its prefix',
        hint: 'write 172.18.0.0/16',
      }),
    );
  });

  it('leaves host bits to parsePrefix', () => {
    expect(parsePrefix('172.18.0.1/16', 'the address')).toEqual({
      address: { family: 4, value: 0xac120001n },
      length: 16,
    });
  });
});

describe('a subnet', () => {
  it('contains its addresses and no others, of its family only', () => {
    const subnet = parseSubnet('172.18.0.0/16');
    expect(contains(subnet, requireAddress('172.18.255.255', 'it'))).toBe(true);
    expect(contains(subnet, requireAddress('172.19.0.0', 'it'))).toBe(false);
    expect(contains(parseSubnet('::/0'), requireAddress('172.18.0.1', 'it'))).toBe(false);
  });

  it('contains and overlaps other subnets', () => {
    const wide = parseSubnet('172.16.0.0/12');
    const narrow = parseSubnet('172.18.1.0/24');
    expect(containsSubnet(wide, narrow)).toBe(true);
    expect(containsSubnet(narrow, wide)).toBe(false);
    expect(overlaps(narrow, wide)).toBe(true);
    expect(overlaps(narrow, parseSubnet('172.18.2.0/24'))).toBe(false);
    expect(overlaps(parseSubnet('0.0.0.0/0'), parseSubnet('::/0'))).toBe(false);
  });

  it('has usable addresses without the network and broadcast, where there is room for them', () => {
    expect(usable('172.18.0.0/16')).toEqual(['172.18.0.1', '172.18.255.254']);
    expect(usable('10.0.0.0/31')).toEqual(['10.0.0.0', '10.0.0.1']);
    expect(usable('10.0.0.7/32')).toEqual(['10.0.0.7', '10.0.0.7']);
    expect(usable('fd00::/64')).toEqual(['fd00::1', 'fd00::ffff:ffff:ffff:ffff']);
    expect(usable('fd00::/127')).toEqual(['fd00::', 'fd00::1']);
  });
});
