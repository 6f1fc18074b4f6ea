import { beforeEach, describe, expect, it } from 'vitest';
import {
  assignEndpoints,
  loadPortChooser,
  reassignEndpoints,
} from '../../../../src/engine/endpoints/assign.ts';
import { type PreparedNetworking, prepareNetworking } from '../../../../src/engine/endpoints/prepare.ts';
import { addressesOf } from '../../../../src/engine/leases/addresses.ts';
import { portsOf } from '../../../../src/engine/leases/ports.ts';
import type { NetworkOptions } from '../../../../src/engine/options/create.ts';
import { insertContainer } from '../../../../src/engine/store/containers.ts';
import { insertNetwork } from '../../../../src/engine/store/networks.ts';
import type { NetworkDefinition } from '../../../../src/network/address/definition.ts';
import { containerRow, ID, useContext } from '../fixtures.ts';

const room = useContext();

function definition(name: string, changes: Partial<NetworkDefinition>): NetworkDefinition {
  const id = Buffer.from(name).toString('hex').padEnd(64, '0');
  return { id, name, driver: 'bridge', link: name, internal: false, ...changes } as NetworkDefinition;
}

const subnet = (prefix: string) => ({ subnet: `${prefix}.0/24`, gateway: `${prefix}.1`, auxiliary: {} });

const BACK = definition('back', { subnets: [subnet('10.1.0')], internal: true });
const FRONT = definition('front', { subnets: [subnet('10.2.0')] });
const SIDE = definition('side', { subnets: [subnet('10.3.0')] });

beforeEach(() => {
  const { database } = room.context;
  for (const each of [BACK, FRONT, SIDE])
    insertNetwork(database, { definition: each, labels: {}, options: {}, createdAt: 0 });
  insertContainer(database, containerRow(), () => false);
});

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) frozen(member);
  return value;
}

async function prepared(network: NetworkOptions) {
  const { options } = containerRow();
  const namespaces = { network: 'networks' as const };
  const networking = await prepareNetworking(room.context, { ...options, namespaces, network }, {
    config: {},
  } as Parameters<typeof prepareNetworking>[2]);
  return frozen({ id: ID, name: 'name', networking: networking as PreparedNetworking });
}

const ON_ALL: NetworkOptions = {
  attachments: [{ network: 'back' }, { network: 'side' }, { network: 'front', interfaceName: 'up' }],
  publish: [
    {
      protocol: 'tcp',
      containerPort: 80,
      hostAddress: '192.0.2.1',
      hostPorts: { first: 8080, last: 8080 },
    },
  ],
};

describe('leasing for a container that was prepared', () => {
  it('gives an endpoint for each network, in their order, and leaves what was prepared as it was', async () => {
    const container = await prepared(ON_ALL);
    const endpoints = assignEndpoints(room.context, container, await loadPortChooser(container));
    expect(
      endpoints.map(({ network, interfaceName, address4, isGateway4 }) => [
        network.name,
        interfaceName,
        address4,
        isGateway4,
      ]),
    ).toEqual([
      ['back', 'eth0', '10.1.0.2', false],
      ['side', 'eth1', '10.3.0.2', false],
      ['front', 'up', '10.2.0.2', true],
    ]);
    expect(
      addressesOf(room.context.database, ID)
        .map(({ address }) => address)
        .sort(),
    ).toEqual(['10.1.0.2', '10.2.0.2', '10.3.0.2']);
  });

  it('publishes ports on the network that leads out', async () => {
    const container = await prepared(ON_ALL);
    const endpoints = assignEndpoints(room.context, container, await loadPortChooser(container));
    expect(endpoints.map(({ ports }) => ports.map(({ hostPort }) => hostPort))).toEqual([[], [], [8080]]);
    expect(portsOf(room.context.database, ID)).toMatchObject([{ hostPort: 8080, networkId: FRONT.id }]);
  });

  it('loads nothing for a container that publishes nothing or has no networks', async () => {
    expect(await loadPortChooser(await prepared({ attachments: [{ network: 'front' }] }))).toBeUndefined();
    const without = { id: ID, name: 'name', networking: undefined };
    expect(await loadPortChooser(without)).toBeUndefined();
    expect(assignEndpoints(room.context, without, undefined)).toEqual([]);
    expect(reassignEndpoints(room.context, without, undefined)).toEqual([]);
  });

  it('gives it at its next start the addresses that it had, and ports anew', async () => {
    const container = await prepared(ON_ALL);
    const choosePorts = await loadPortChooser(container);
    const first = assignEndpoints(room.context, container, choosePorts);
    expect(reassignEndpoints(room.context, await prepared(ON_ALL), choosePorts)).toEqual(first);
    expect(portsOf(room.context.database, ID)).toHaveLength(1);
  });
});
