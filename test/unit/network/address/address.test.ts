import { isIP } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  addressBytes,
  formatAddress,
  isLoopback,
  normalizeAddress,
  parseAddress,
  requireAddress,
} from '../../../../src/network/address/address.ts';

describe('parseAddress', () => {
  it('reads four decimals', () => {
    expect(parseAddress('172.17.0.2')).toEqual({ family: 4, value: 0xac110002n });
    expect(parseAddress('255.255.255.255')).toEqual({ family: 4, value: 0xffffffffn });
  });

  it('reads IPv6 with and without the short form, and with IPv4 at its end', () => {
    expect(parseAddress('::')).toEqual({ family: 6, value: 0n });
    expect(parseAddress('1:2:3:4:5:6:7:8')?.value).toBe(0x00010002000300040005000600070008n);
    expect(parseAddress('fd00::1:0')?.value).toBe((0xfdn << 120n) + 0x10000n);
    expect(parseAddress('::ffff:192.0.2.1')?.value).toBe(0xffffc0000201n);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.4 ',
    '1.2.3.-4',
    '1..2.3',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8:9',
    '12345::',
    'g::',
    'fe80::1%eth0',
    '1.2.3.4::',
    '::1.2.3',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:1.2.3.4',
  ])('refuses %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

describe('requireAddress', () => {
  it('names what the address is for', () => {
    expect(() => requireAddress('here', 'the gateway')).toThrow('the gateway is not an IP address: "here"');
  });
});

describe('formatAddress', () => {
  // RFC 5952, sections 4 and 5.
  it.each([
    ['2001:0DB8::0001', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::ffff:c000:201', '::ffff:192.0.2.1'],
    ['10.0.0.1', '10.0.0.1'],
    ['200.255.0.9', '200.255.0.9'],
  ])('writes %s as %s', (text, expected) => {
    expect(normalizeAddress(text, 'it')).toBe(expected);
  });

  it('gives back what was read', () => {
    const text = 'fd12:3456:789a::beef';
    expect(formatAddress(requireAddress(text, 'it'))).toBe(text);
  });
});

describe('addressBytes', () => {
  it('are in network order', () => {
    expect([...addressBytes(requireAddress('172.17.0.2', 'it'))]).toEqual([172, 17, 0, 2]);
    expect([...addressBytes(requireAddress('fd00::1', 'it'))]).toEqual([0xfd, ...new Array(14).fill(0), 1]);
  });
});

describe('isLoopback', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.255.0.9', true],
    ['128.0.0.1', false],
    ['::1', true],
    ['::2', false],
    ['::ffff:127.0.0.1', true],
    ['::127.0.0.1', false],
  ])('of %s is %s', (text, expected) => {
    expect(isLoopback(requireAddress(text, 'it'))).toBe(expected);
  });
});

const ADDRESSES = [
  '0.0.0.0',
  '255.255.255.255',
  '10.0.0.1',
  '256.0.0.1',
  '1.2.3',
  '1.2.3.4.5',
  '01.2.3.4',
  '1.2.3.-4',
  '1.2.3.4 ',
  '::',
  '::1',
  '1::',
  'fd00::1:2',
  'FD00::A',
  '1:2:3:4:5:6:7:8',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4::5:6:7:8',
  '1::2::3',
  ':1',
  '1:',
  ':::',
  '12345::',
  'g::',
  '::ffff:1.2.3.4',
  '1.2.3.4::',
  '::1.2.3.4:5',
  '::1.2.3',
  '[::1]',
  '',
  'localhost',
];

it.each(ADDRESSES)('"%s" is taken for the same as by Node', (text) => {
  expect(parseAddress(text)?.family ?? 0).toBe(isIP(text));
});
