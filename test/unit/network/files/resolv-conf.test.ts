import { describe, expect, it } from 'vitest';
import {
  embeddedResolvConf,
  hostResolvConf,
  parseResolvConf,
} from '../../../../src/network/files/resolv-conf.ts';

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
nameserver fe80::1%
nameserver fe80::1%a%b
options edns0 trust-ad
sortlist 130.155.160.0
`);
const stub = parseResolvConf('nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n');

describe('parseResolvConf', () => {
  it('keeps servers, the last search list and options', () => {
    expect(host).toEqual({
      servers: ['127.0.0.1', '192.0.2.53', 'fd00::53', 'fe80::1%eth0'],
      search: ['example.com', 'corp.example'],
      options: ['edns0', 'trust-ad'],
    });
    expect(parseResolvConf('domain here.example').search).toEqual(['here.example']);
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
