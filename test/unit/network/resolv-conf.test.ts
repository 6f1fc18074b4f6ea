import { describe, expect, it } from 'vitest';
import {
  asksSystemdResolved,
  bridgeResolvConf,
  embeddedResolvConf,
  hostResolvConf,
  parseResolvConf,
} from '../../../src/network/resolv-conf.ts';

const NOTHING = { servers: [], search: [], options: [] };
const host = parseResolvConf(`# written by somebody
; a comment
domain old.example
search example.com corp.example
nameserver 127.0.0.1
nameserver 192.0.2.53
nameserver fd00::53
nameserver fe80::1%eth0
nameserver nonsense
options edns0 trust-ad
sortlist 130.155.160.0
`);
const stub = parseResolvConf('nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n');

describe('parseResolvConf', () => {
  it('keeps servers, the last search list and options', () => {
    expect(host).toEqual({
      servers: ['127.0.0.1', '192.0.2.53', 'fd00::53'],
      search: ['example.com', 'corp.example'],
      options: ['edns0', 'trust-ad'],
    });
    expect(parseResolvConf('domain here.example').search).toEqual(['here.example']);
  });

  it('sees that only systemd-resolved answers', () => {
    expect(asksSystemdResolved(stub)).toBe(true);
    expect(asksSystemdResolved(host)).toBe(false);
    expect(asksSystemdResolved(NOTHING)).toBe(false);
  });
});

describe('resolv.conf on the default bridge', () => {
  it('has the servers of the host that can be reached', () => {
    expect(bridgeResolvConf(host, { dns: NOTHING, ipv6: false })).toBe(
      'nameserver 192.0.2.53\nsearch example.com corp.example\noptions edns0 trust-ad\n',
    );
    expect(bridgeResolvConf(host, { dns: NOTHING, ipv6: true })).toMatch(
      /^nameserver 192.0.2.53\nnameserver fd00::53\n/,
    );
  });

  it('is none when the host has only servers that cannot', () => {
    expect(bridgeResolvConf(stub, { dns: NOTHING, ipv6: true })).toBeUndefined();
    const only6 = { ...NOTHING, servers: ['fd00::53'] };
    expect(bridgeResolvConf(only6, { dns: NOTHING, ipv6: false })).toBeUndefined();
  });

  it('says what was asked for instead', () => {
    const dns = { servers: ['127.0.0.1', '198.51.100.1'], search: ['a.example'], options: ['ndots:2'] };
    expect(bridgeResolvConf(stub, { dns, ipv6: false })).toBe(
      'nameserver 127.0.0.1\nnameserver 198.51.100.1\nsearch a.example\noptions ndots:2\n',
    );
  });

  it('has no search list for a dot, in the option or on the host', () => {
    const dns = { ...NOTHING, servers: ['198.51.100.1'] };
    expect(bridgeResolvConf(host, { dns: { ...dns, search: ['.'] }, ipv6: false })).not.toContain('search');
    expect(bridgeResolvConf(stub, { dns, ipv6: false })).not.toContain('search');
  });
});

describe('resolv.conf on a user-defined network', () => {
  it('names the embedded resolver, keeps the search list and does not wait for dots', () => {
    expect(embeddedResolvConf(host, NOTHING)).toBe(
      'nameserver 127.0.0.11\nsearch example.com corp.example\noptions edns0 trust-ad ndots:0\n',
    );
    expect(embeddedResolvConf(host, { ...NOTHING, options: ['ndots:3'] })).toContain('options ndots:3\n');
  });
});

describe("resolv.conf on the host's network", () => {
  it("is the host's, but for what was asked for", () => {
    expect(hostResolvConf(stub, NOTHING)).toBe('nameserver 127.0.0.53\noptions edns0 trust-ad\n');
    expect(hostResolvConf(stub, { ...NOTHING, search: ['a.example'] })).toContain('search a.example\n');
  });
});
