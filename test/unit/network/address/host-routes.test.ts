import { describe, expect, it } from 'vitest';
import { subnetsOfFibTrie, subnetsOfIpv6Routes } from '../../../../src/network/address/host-routes.ts';
import { formatSubnet } from '../../../../src/network/address/subnet.ts';

describe('the subnets of this host', () => {
  it('are routes and addresses of every table', () => {
    const text = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 192.0.2.0/24 2 0 2
        +-- 192.0.2.0/30 2 0 2
           |-- 192.0.2.0
              /24 link UNICAST
              /25 link UNICAST
           |-- 192.0.2.2
              /32 host LOCAL
     |-- 128.0.0.0
        /1 universe UNICAST
Id 200:
  |-- 10.8.0.0
     /16 universe BLACKHOLE
Local:
  |-- 192.0.2.2
     /32 host LOCAL
`;
    expect(subnetsOfFibTrie(text).map(formatSubnet)).toEqual([
      '192.0.2.0/24',
      '192.0.2.0/25',
      '192.0.2.2/32',
      '10.8.0.0/16',
    ]);
  });

  it('are those of IPv6, too', () => {
    const rest = '00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 1 0 1 eth0';
    const text = `fd000000000000000000000000000000 40 ${rest}
00000000000000000000000000000000 00 ${rest}
fd000000000000000000000000000002 80 ${rest}
ff000000000000000000000000000000 08 ${rest}
`;
    expect(subnetsOfIpv6Routes(text).map(formatSubnet)).toEqual(['fd00::/64', 'fd00::2/128']);
  });

  it('are none when there is no such list', () => {
    expect([...subnetsOfFibTrie(''), ...subnetsOfIpv6Routes('')]).toEqual([]);
  });
});
