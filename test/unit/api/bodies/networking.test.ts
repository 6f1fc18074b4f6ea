import { describe, expect, it } from 'vitest';
import { endpointSettings } from '../../../../src/api/bodies/networking.ts';
import { endpointFor } from '../../../../src/api/bodies/older-container.ts';
import { UNREAD_ENDPOINT } from '../../../../src/api/bodies/unread.ts';
import { JsonObject } from '../../../../src/api/http/json.ts';

const MAC = '02:42:ac:11:00:02';

/** Reads an endpoint of the network `n`. */
function of(endpoint: object) {
  return endpointSettings('n', new JsonObject(endpoint, 'EndpointConfig'));
}

/** The members of EndpointSettings in Docker's API 1.24 to 1.51, each with what it cannot be. */
const MEMBERS = {
  IPAMConfig: [],
  Links: 'a:b',
  Aliases: 'a',
  NetworkID: 1,
  EndpointID: 1,
  Gateway: 1,
  IPAddress: 1,
  IPPrefixLen: '1',
  IPv6Gateway: 1,
  GlobalIPv6Address: 1,
  GlobalIPv6PrefixLen: '1',
  MacAddress: 1,
  DriverOpts: { a: 1 },
  GwPriority: '1',
  DNSNames: 'a',
};

const IPAM_CONFIG = { IPv4Address: 1, IPv6Address: 1, LinkLocalIPs: ['169.254.34.68'] };

describe('what a container is to be on a network', () => {
  it.each(Object.entries(MEMBERS))('has no %s that is %j, unless it is known as harmless', (name, value) => {
    const member = UNREAD_ENDPOINT[name];
    if (member !== undefined && 'harmless' in member) expect(() => of({ [name]: value })).not.toThrow();
    else expect(() => of({ [name]: value })).toThrow(`EndpointConfig.${name}`);
  });

  it.each(Object.entries(IPAM_CONFIG))('has no IPAMConfig whose %s is %j', (name, value) => {
    expect(() => of({ IPAMConfig: { [name]: value } })).toThrow(`EndpointConfig.IPAMConfig.${name}`);
  });

  it('is what its members say', () => {
    expect(
      of({
        IPAMConfig: { IPv4Address: '10.1.0.5', IPv6Address: 'fd00::5', LinkLocalIPs: [] },
        Links: ['db:cache'],
        Aliases: ['a'],
        MacAddress: MAC.toUpperCase(),
        DriverOpts: { 'com.docker.network.endpoint.ifname': 'lan0' },
        GwPriority: -1,
      }),
    ).toEqual({
      network: 'n',
      aliases: ['a'],
      ip: '10.1.0.5',
      ip6: 'fd00::5',
      mac: MAC,
      driverOptions: { 'com.docker.network.endpoint.ifname': 'lan0' },
      gatewayPriority: -1,
      links: [{ container: 'db', alias: 'cache' }],
    });
  });

  it('is nothing where it is what inspect tells of a network that was not connected', () => {
    const empty = {
      IPAMConfig: null,
      Links: null,
      Aliases: null,
      MacAddress: '',
      DriverOpts: null,
      GwPriority: 0,
    };
    expect(of(empty)).toEqual({ network: 'n' });
  });

  it('has since 1.44 the MAC address that is asked for, and before that one of its own', () => {
    const asked = endpointSettings('n', new JsonObject({ MacAddress: MAC, Aliases: ['a'] }));
    expect(endpointFor(44, asked)).toEqual({ network: 'n', aliases: ['a'], mac: MAC });
    expect(endpointFor(43, asked)).toEqual({ network: 'n', aliases: ['a'] });
  });
});
