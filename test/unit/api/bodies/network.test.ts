import { describe, expect, it } from 'vitest';
import { networkOptions, UNREAD_NETWORK } from '../../../../src/api/bodies/network.ts';
import { JsonObject } from '../../../../src/api/http/json.ts';

const of = (value: object, version = 51) => networkOptions(new JsonObject(value), version);

/** The members of NetworkCreateRequest in Docker's API 1.24 to 1.51, each with what it cannot be. */
const MEMBERS = {
  Name: 1,
  CheckDuplicate: 1,
  Driver: 1,
  Scope: 'swarm',
  Internal: 1,
  Attachable: 1,
  Ingress: true,
  ConfigOnly: true,
  ConfigFrom: { Network: 'x' },
  IPAM: [],
  EnableIPv4: 1,
  EnableIPv6: 1,
  Options: { a: 1 },
  Labels: { a: 1 },
};

/** Those of its IPAM, and of each of its subnets. */
const IPAM = { Driver: 'dhcp', Config: {}, Options: { a: '1' } };
const SUBNET = { Subnet: 1, IPRange: 1, Gateway: 1, AuxiliaryAddresses: { a: 1 } };

describe('a NetworkCreateRequest', () => {
  it('needs a name only', () => {
    expect(of({ Name: 'net' })).toEqual({ name: 'net' });
  });

  it.each(Object.entries(MEMBERS))(
    'has no member %s that is %j, unless it is known as harmless',
    (name, value) => {
      const read = () => of({ Name: 'n', [name]: value });
      const member = UNREAD_NETWORK[name];
      if (member !== undefined && 'harmless' in member) expect(read).not.toThrow();
      else expect(read).toThrow(new RegExp(`^${name}`));
    },
  );

  it.each(Object.entries(IPAM))('has no IPAM whose %s is %j', (name, value) => {
    expect(() => of({ Name: 'n', IPAM: { [name]: value } })).toThrow(`IPAM.${name}`);
  });

  it.each(Object.entries(SUBNET))('has no subnet whose %s is %j', (name, value) => {
    expect(() => of({ Name: 'n', IPAM: { Config: [{ [name]: value }] } })).toThrow(`IPAM.Config[0].${name}`);
  });

  it('can be without IPv4 since 1.48', () => {
    const request = { Name: 'n', EnableIPv4: false };
    expect([of(request, 47), of(request, 48)]).toEqual([{ name: 'n' }, { name: 'n', ipv4: false }]);
  });

  it('is what Compose sends', () => {
    expect(
      of({
        Name: 'app_default',
        CheckDuplicate: true,
        Driver: 'bridge',
        Scope: 'local',
        EnableIPv4: null,
        EnableIPv6: false,
        IPAM: { Driver: 'default', Options: null, Config: [] },
        Internal: false,
        Attachable: true,
        Ingress: false,
        ConfigOnly: false,
        ConfigFrom: { Network: '' },
        Options: {},
        Labels: { 'com.docker.compose.network': 'default' },
      }),
    ).toEqual({
      name: 'app_default',
      driver: 'bridge',
      internal: false,
      attachable: true,
      ipv6: false,
      options: {},
      labels: { 'com.docker.compose.network': 'default' },
    });
  });

  it('has its subnets', () => {
    const options = of({
      Name: 'net',
      EnableIPv6: true,
      IPAM: {
        Config: [
          {
            Subnet: '10.1.0.0/16',
            IPRange: '10.1.2.0/24',
            Gateway: '10.1.0.9',
            AuxiliaryAddresses: { r: '10.1.0.2' },
          },
          { Subnet: 'fd00::/64', AuxiliaryAddresses: null },
          null,
        ],
      },
    });
    expect(options).toEqual({
      name: 'net',
      ipv6: true,
      subnets: [
        { subnet: '10.1.0.0/16', range: '10.1.2.0/24', gateway: '10.1.0.9', auxiliary: { r: '10.1.0.2' } },
        { subnet: 'fd00::/64' },
        {},
      ],
    });
  });

  it.each<[object, string]>([
    [{}, 'Name: the network needs a name'],
    [{ Name: '' }, 'Name: the network needs a name'],
    [{ Name: 'n', Ingress: true }, 'Ingress: there is no swarm'],
    [{ Name: 'n', ConfigOnly: true }, 'ConfigOnly: there is no swarm'],
    [{ Name: 'n', ConfigFrom: { Network: 'x' } }, 'ConfigFrom: there is no swarm'],
    [{ Name: 'n', Scope: 'swarm' }, 'Scope: there is no swarm'],
    [{ Name: 'n', IPAM: { Driver: 'dhcp' } }, 'IPAM.Driver: there is no IPAM driver dhcp'],
    [
      { Name: 'n', IPAM: { Options: { serial: 'true' } } },
      'IPAM.Options: addresses are handed out in one way only',
    ],
    [{ Name: 'n', IPAM: { Config: {} } }, 'IPAM.Config is not a list of objects'],
    [{ Name: 'n', IPAM: { Config: [{ Subnet: 1 }] } }, 'IPAM.Config[0].Subnet is not a text'],
    [{ Name: 'n', Labels: ['a=b'] }, 'Labels is not an object of texts'],
    [{ Name: 'n', Options: { mtu: 1500 } }, 'Options is not an object of texts'],
    [{ Name: 'n', Internal: 'true' }, 'Internal is not true or false'],
  ])('is not %j', (value, message) => {
    expect(() => of(value)).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining(message) }),
    );
  });
});
