import { describe, expect, it } from 'vitest';
import { networkOptions } from '../../../../src/api/bodies/network.ts';
import { JsonObject } from '../../../../src/api/http/json.ts';

const of = (value: object) => networkOptions(new JsonObject(value));

describe('a NetworkCreateRequest', () => {
  it('needs a name only', () => {
    expect(of({ Name: 'net' })).toEqual({ name: 'net' });
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
    [{ Name: 'n', Scope: 'swarm' }, 'Scope: there are no networks of scope swarm'],
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
