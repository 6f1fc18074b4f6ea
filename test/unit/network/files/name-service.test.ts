import { describe, expect, it } from 'vitest';
import { type NameServiceRequest, nameService } from '../../../../src/network/files/name-service.ts';

const NOTHING = { servers: [], search: [], options: [] };
const BRIDGE = { hasNames: false, internal: false, families: [4] as const };
const DUAL = { ...BRIDGE, families: [4, 6] as const };
const MADE = { ...BRIDGE, hasNames: true };
const INTERNAL = { ...MADE, internal: true };

function serviceOf({ host = '', resolved = '', networks = [BRIDGE], dns = NOTHING }: Partial<Wishes>) {
  return nameService({
    host,
    resolved: () => resolved,
    interfaceNumber: (name) => ({ eth0: 2, wlan0: 3 })[name],
    dns,
    networks,
  });
}

interface Wishes extends Pick<NameServiceRequest, 'host' | 'dns' | 'networks'> {
  resolved: string;
}

/** The servers that resolv.conf names, with those that the resolver asks where there is one. */
function serversOf(wishes: Partial<Wishes>): string {
  const { resolvConf, hasResolver, upstreams, forward } = serviceOf(wishes);
  const named = [...resolvConf.matchAll(/^nameserver (.*)$/gm)].map(([, server]) => server).join(' ');
  return hasResolver ? `${named} <- ${[forward, ...upstreams].join(' ')}` : named;
}

const STUB = 'nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n';

describe('on the default network a container asks', () => {
  const resolver = (...upstreams: string[]) => `127.0.0.11 <- host ${upstreams.join(' ')}`;

  it.each([
    ['the servers of the host that it can reach', 'nameserver 192.0.2.53', '192.0.2.53'],
    ['these alone', 'nameserver 127.0.0.1\nnameserver 192.0.2.53\nnameserver fd00::53', '192.0.2.53'],
    [
      'those that have an address of a link, which clouds route',
      'nameserver 169.254.169.253',
      '169.254.169.253',
    ],
    ['the one on the loopback by the resolver', 'nameserver 127.0.0.1', resolver('127.0.0.1')],
    ['that of IPv6, too', 'nameserver ::1', resolver('::1')],
    ['that of both', 'nameserver ::ffff:127.0.0.1', resolver('::ffff:127.0.0.1')],
    ['any address of the host', 'nameserver 0.0.0.0\nnameserver ::', resolver('0.0.0.0', '::')],
    ['one of IPv6, which it has not', 'nameserver fd00::53', resolver('fd00::53')],
    ['one on a link', 'nameserver fe80::1%eth0', resolver('fe80::1%2')],
    ['one on a link by its number', 'nameserver fe80::1%7', resolver('fe80::1%7')],
    ['none on a link that is not there', 'nameserver fe80::1%eth9\nnameserver ::1', resolver('::1')],
    ['the usual one when none is named', 'search example.org', resolver('127.0.0.1')],
    ['the usual one when there is no file', '', resolver('127.0.0.1')],
    ['the usual one when none is understood', 'nameserver nonsense', resolver('127.0.0.1')],
  ])('%s', (_what, host, expected) => {
    expect(serversOf({ host })).toBe(expected);
  });

  it.each([
    [
      'of both families where it has both',
      'nameserver 192.0.2.53\nnameserver fd00::53',
      '192.0.2.53 fd00::53',
    ],
    ['but not on a link', 'nameserver fe80::1%eth0', resolver('fe80::1%2')],
    ['not even without its zone', 'nameserver fe80::1', resolver('fe80::1')],
    ['nor on the loopback', 'nameserver ::1', resolver('::1')],
  ])('servers %s', (_what, host, expected) => {
    expect(serversOf({ host, networks: [DUAL] })).toBe(expected);
  });

  it.each([
    ['they can be reached', 'nameserver 192.0.2.53\nnameserver 192.0.2.54', '192.0.2.53 192.0.2.54'],
    ['but for some', 'nameserver fe80::1%2\nnameserver 192.0.2.53', '192.0.2.53'],
    ['and systemd itself when they are on a link', 'nameserver fe80::1%2', resolver('127.0.0.53')],
    ['and systemd itself when they are of IPv6', 'nameserver fd00::53', resolver('127.0.0.53')],
    ['and systemd itself when they are on the loopback', 'nameserver 127.0.0.1', resolver('127.0.0.53')],
    ['and systemd itself when the list is empty or missing', '', resolver('127.0.0.53')],
  ])("systemd's own servers when only that answers for the host, %s", (_what, resolved, expected) => {
    expect(serversOf({ host: STUB, resolved })).toBe(expected);
  });

  it("not systemd's servers when others are named", () => {
    const host = 'nameserver 127.0.0.53\nnameserver ::1';
    expect(serversOf({ host, resolved: 'nameserver 192.0.2.53' })).toBe(resolver('127.0.0.53', '::1'));
  });

  it('what somebody named, whatever it is', () => {
    const dns = { ...NOTHING, servers: ['127.0.0.1', 'fd00::53'] };
    expect(serversOf({ host: STUB, dns })).toBe('127.0.0.1 fd00::53');
  });
});

describe('on networks with names a container asks the resolver', () => {
  const host = 'nameserver 192.0.2.53\nnameserver fe80::1%eth0';
  const dns = { ...NOTHING, servers: ['10.1.1.1'] };

  it.each([
    ["which asks all servers of the host's", [MADE], NOTHING, 'host 192.0.2.53 fe80::1%2'],
    ['on several as on one', [BRIDGE, INTERNAL], NOTHING, 'host 192.0.2.53 fe80::1%2'],
    ['which asks nobody when nothing leads out', [INTERNAL, INTERNAL], NOTHING, 'none'],
    ['which asks from within what somebody named', [MADE], dns, 'container 10.1.1.1'],
    ['also on internal networks, where that may be', [INTERNAL], dns, 'container 10.1.1.1'],
  ])('%s', (_what, networks, wanted, expected) => {
    expect(serversOf({ host, networks, dns: wanted })).toBe(`127.0.0.11 <- ${expected}`);
  });
});

describe('resolv.conf', () => {
  const host = 'search corp.example\noptions edns0\n';
  const dns = { servers: [], search: ['a.example'], options: ['ndots:2'] };

  it.each([
    [
      "keeps the host's search list and options",
      `nameserver 192.0.2.53\n${host}`,
      NOTHING,
      `192.0.2.53\n${host}`,
    ],
    [
      'has those that were asked for',
      `nameserver 192.0.2.53\n${host}`,
      dns,
      '192.0.2.53\nsearch a.example\noptions ndots:2\n',
    ],
    [
      'of a resolver does not wait for dots',
      host,
      NOTHING,
      '127.0.0.11\nsearch corp.example\noptions edns0 ndots:0\n',
    ],
    [
      'of a resolver has those that were asked for',
      host,
      dns,
      '127.0.0.11\nsearch a.example\noptions ndots:2\n',
    ],
    ['has no search list for a dot on the host', 'nameserver 192.0.2.53\nsearch .', NOTHING, '192.0.2.53\n'],
    [
      'has none for a dot that was asked for',
      `nameserver 192.0.2.53\n${host}`,
      { ...NOTHING, search: ['.'] },
      '192.0.2.53\noptions edns0\n',
    ],
  ])('%s', (_what, text, wanted, expected) => {
    expect(serviceOf({ host: text, dns: wanted }).resolvConf).toBe(`nameserver ${expected}`);
  });

  it("has systemd's search list beside its servers", () => {
    const resolved = 'nameserver 192.0.2.53\nsearch home.example\n';
    expect(serviceOf({ host: STUB, resolved }).resolvConf).toBe(resolved);
  });

  it("is the host's, as it is, without a network", () => {
    expect(serviceOf({ host: STUB, networks: [] })).toMatchObject({
      resolvConf: 'nameserver 127.0.0.53\noptions edns0 trust-ad\n',
      hasResolver: false,
    });
  });
});
