import { describe, expect, it } from 'vitest';
import { createNetwork } from '../../../../src/engine/networks/create.ts';
import type { CreateNetworkOptions } from '../../../../src/engine/options/network.ts';
import { allNetworks } from '../../../../src/engine/store/networks.ts';
import { useContext } from '../fixtures.ts';

const room = useContext();

describe('a network', () => {
  it.each([
    ['overlay', 'there is no network driver overlay'],
    ['', 'there is no network driver ""'],
  ])('of the driver "%s" is not made', async (driver, message) => {
    await expect(createNetwork(room.context, { name: 'front', driver })).rejects.toMatchObject({
      kind: 'unsupported',
      message,
      hint: 'the drivers are bridge and macvlan; host and none are networks that exist already',
    });
    expect(allNetworks(room.context.database)).toEqual([]);
  });

  const six = [{ subnet: 'fd00:30::/64' }];
  const four = [{ subnet: '10.98.0.0/24' }];

  it.each<[Omit<CreateNetworkOptions, 'name'>, string, string]>([
    [{ ipv4: false }, 'a network without IPv4 needs IPv6', '--ipv6'],
    [{ ipv4: false, subnets: four }, 'a network without IPv4 cannot have an IPv4 subnet', '--ipv4=false'],
    [{ ipv6: false, subnets: six }, 'a network without IPv6 cannot have an IPv6 subnet', '--ipv6=false'],
    [{ driver: 'macvlan' }, 'macvlan network front needs an interface of the host', '-o parent='],
    [{ options: { mtu: '12' } }, 'option mtu=12 cannot be', 'from 68 to 65535'],
    [
      { options: { 'com.docker.network.bridge.name': 'sixteencharacter' } },
      'option com.docker.network.bridge.name=sixteencharacter cannot be',
      'at most 15',
    ],
    [
      { subnets: [...four, { subnet: '10.98.1.0/24' }] },
      'a network has one subnet of each family: 10.98.0.0/24 and 10.98.1.0/24',
      'a network for each',
    ],
  ])('is not made with %j', async (options, message, hint) => {
    await expect(createNetwork(room.context, { name: 'front', ...options })).rejects.toMatchObject({
      kind: 'invalid',
      message,
      hint: expect.stringContaining(hint),
    });
    expect(allNetworks(room.context.database)).toEqual([]);
  });

  it.each(['size', 'constructor', '__proto__'])(
    'is not made with option %s, which its driver has not',
    async (option) => {
      await expect(
        createNetwork(room.context, { name: 'front', options: Object.fromEntries([[option, '3']]) }),
      ).rejects.toMatchObject({
        kind: 'unsupported',
        message: `network driver bridge has no option ${option}`,
        hint: expect.stringContaining('mtu'),
      });
      expect(allNetworks(room.context.database)).toEqual([]);
    },
  );

  it.each(['', 'a/b', '-x', '.x', 'x'.repeat(256)])('cannot be called "%s"', async (name) => {
    await expect(createNetwork(room.context, { name })).rejects.toMatchObject({
      kind: 'invalid',
      message: `invalid network name: "${name}"`,
      hint: expect.stringContaining('letters'),
    });
    expect(allNetworks(room.context.database)).toEqual([]);
  });

  it.each(['bridge', 'host', 'none', 'default'])('is not called %s, which is there already', async (name) => {
    await expect(createNetwork(room.context, { name })).rejects.toMatchObject({
      kind: 'denied',
      message: `network ${name} is predefined`,
    });
  });
});
