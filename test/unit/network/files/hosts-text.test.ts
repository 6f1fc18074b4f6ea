import { describe, expect, it } from 'vitest';
import { type HostsContent, hostsText } from '../../../../src/network/files/hosts-text.ts';

const STANDARD = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
`;

/** What follows the standard lines. */
function rest(changes: Partial<HostsContent>): string {
  const text = hostsText({
    hostname: 'web',
    addresses: [],
    extra: [],
    hostGateway: [],
    links: [],
    ...changes,
  });
  expect(text.startsWith(STANDARD)).toBe(true);
  return text.slice(STANDARD.length);
}

describe('/etc/hosts', () => {
  it('ends with the addresses of the container', () => {
    expect(rest({ addresses: ['172.18.0.2', 'fd00:1::2'] })).toBe('172.18.0.2\tweb\nfd00:1::2\tweb\n');
  });

  it.each([
    ['web', 'example.com', 'web.example.com web'],
    ['web.example.com', undefined, 'web.example.com web'],
    ['web.example', 'com', 'web.example.com web'],
    ['web', '', 'web'],
  ])('has the full name of %s, %s first, then the short one', (hostname, domainname, names) => {
    expect(rest({ addresses: ['172.18.0.2'], hostname, domainname })).toBe(`172.18.0.2\t${names}\n`);
  });

  it('has extra hosts in their order, the host by all of its addresses', () => {
    const extra = [
      { name: 'db', address: '10.0.0.9' },
      { name: 'host', address: 'host-gateway' },
      { name: 'db6', address: 'FD00::0009' },
    ];
    expect(rest({ extra, hostGateway: ['172.17.0.1', 'fd00::1'] })).toBe(
      '10.0.0.9\tdb\n172.17.0.1\thost\nfd00::1\thost\nfd00::9\tdb6\n',
    );
  });

  it('has links with all names of the other one, each once', () => {
    const links = [
      { address: '172.17.0.3', alias: 'db', hostname: '0123456789ab', name: 'postgres' },
      { address: '172.17.0.4', alias: 'mail', hostname: 'mail', name: 'mail' },
    ];
    expect(rest({ links })).toBe('172.17.0.3\tdb 0123456789ab postgres\n172.17.0.4\tmail\n');
  });

  it('refuses what would be no line of it', () => {
    expect(() => rest({ extra: [{ name: 'a', address: 'b' }] })).toThrow(
      'the address of a is not an IP address',
    );
    expect(() => rest({ extra: [{ name: 'a\nb', address: '10.0.0.1' }] })).toThrow(
      'is not the name of a host',
    );
    expect(() => rest({ extra: [{ name: 'h', address: 'host-gateway' }] })).toThrow('no way to the host');
  });
});
