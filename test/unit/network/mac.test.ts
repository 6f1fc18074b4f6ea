import { expect, it } from 'vitest';
import { macOfAddress4 } from '../../../src/network/mac.ts';

it('the MAC address of an IPv4 address is the one that Docker gives it', () => {
  expect(macOfAddress4('172.17.0.2')).toBe('02:42:ac:11:00:02');
});
