import { describe, expect, it } from 'vitest';
import { bridgeAlias, type Link, ownerOf, parseLinks } from '../../../src/network/links.ts';

const BRIDGE: Link = { index: 2, name: 'sk-0123456789ab', master: 0, kind: 'bridge', mac: '', alias: '' };

describe('links', () => {
  it('are what the helper lists, six fields each', () => {
    const fields = [
      '1',
      'lo',
      '0',
      '',
      '00:00:00:00:00:00',
      '',
      '7',
      'v0',
      '2',
      'veth',
      '02:00:00:00:00:01',
      'a b',
    ];
    expect(parseLinks(Buffer.from(fields.map((field) => `${field}\0`).join('')))).toEqual([
      { index: 1, name: 'lo', master: 0, kind: '', mac: '00:00:00:00:00:00', alias: '' },
      { index: 7, name: 'v0', master: 2, kind: 'veth', mac: '02:00:00:00:00:01', alias: 'a b' },
    ]);
    expect(parseLinks(new Uint8Array())).toEqual([]);
  });
});

describe('the alias of a bridge', () => {
  it.each(['/var/lib/skiff', '/tmp/with blank', '/tmp/line\nbreak'])('tells whose it is: %j', (root) => {
    const owner = { table: 'skiff-0badcafe', root };
    expect(ownerOf({ ...BRIDGE, alias: bridgeAlias(owner) })).toEqual(owner);
  });

  it('tells the table at least, in the 255 bytes that the kernel keeps, whole characters only', () => {
    const alias = bridgeAlias({ table: 'skiff', root: `/${'ö'.repeat(200)}` });
    expect(Buffer.byteLength(alias)).toBe(255);
    expect(ownerOf({ ...BRIDGE, alias })?.table).toBe('skiff');
    expect(bridgeAlias({ table: 'skiff', root: `/x${'ö'.repeat(200)}` })).toMatch(/^skiff \/xö{123}$/);
  });

  it.each(['', 'skiff', 'skiffs /tmp', 'skiff-123 /tmp', 'uplink'])('%j is none of a store', (alias) => {
    expect(ownerOf({ ...BRIDGE, alias })).toBeUndefined();
  });

  it('counts on bridges only', () => {
    expect(ownerOf({ ...BRIDGE, kind: 'veth', alias: 'skiff /tmp' })).toBeUndefined();
  });
});
