import { expect, it } from 'vitest';
import { linkLocalOfMac, macOfAddress4 } from '../../../../src/network/address/mac.ts';

it('the MAC address of an IPv4 address is the one that Docker gives it', () => {
  expect(macOfAddress4('172.17.0.2')).toBe('02:42:ac:11:00:02');
});

it('the address of a link is made of its MAC address', () => {
  expect(linkLocalOfMac('34:56:78:9a:bc:de')).toBe('fe80::3656:78ff:fe9a:bcde');
  expect(linkLocalOfMac('02:00:00:00:00:01')).toBe('fe80::ff:fe00:1');
});
