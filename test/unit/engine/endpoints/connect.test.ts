import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  connectContainer,
  disconnectAll,
  disconnectContainer,
} from '../../../../src/engine/endpoints/connect.ts';
import { containerNetworking } from '../../../../src/engine/endpoints/shown.ts';
import type { NetworkAttachment } from '../../../../src/engine/options/create.ts';
import { linksOf } from '../../../../src/engine/options/network.ts';
import { type ContainerId, containerById, insertContainer } from '../../../../src/engine/store/containers.ts';
import { deleteNetwork, insertNetwork } from '../../../../src/engine/store/networks.ts';
import type { NetworkDefinition } from '../../../../src/network/address/definition.ts';
import { containerRow, ID, useContext } from '../fixtures.ts';

const room = useContext();

function definition(name: string, digit: string): NetworkDefinition {
  return {
    id: digit.repeat(64),
    name,
    driver: 'bridge',
    subnets: [],
    internal: false,
  } as unknown as NetworkDefinition;
}

const FRONT = definition('front', 'f');
const BACK = definition('back', 'b');
const BRIDGE = {
  ...definition('bridge', 'd'),
  subnets: [{ subnet: '10.9.0.0/16', gateway: '10.9.0.1', auxiliary: {} }],
};

beforeEach(() => {
  const { database, paths } = room.context;
  for (const each of [FRONT, BACK, BRIDGE])
    insertNetwork(database, { definition: each, labels: {}, options: {}, createdAt: 0 });
  const { options } = containerRow();
  const network = { attachments: [{ network: FRONT.id }] };
  const namespaces = { network: 'networks' as const };
  insertContainer(
    database,
    containerRow({ started: false, options: { ...options, namespaces, network } }),
    () => false,
  );
  mkdirSync(join(paths.containers, ID), { recursive: true });
});

function networks(): (string | undefined)[] | undefined {
  return containerById(room.context.database, ID)?.options.network?.attachments.map(({ network }) => network);
}

const connect = (network: string, attachment: Partial<NetworkAttachment> = {}) =>
  connectContainer(room.context, 'name', { network, ...attachment });
const disconnect = (network: string, container: string, force = false) =>
  disconnectContainer(room.context, { network, container, force });

describe('a container that does not run', () => {
  it('is connected to networks and taken off them, from its next start on', async () => {
    await connect('back');
    expect(networks()).toEqual([FRONT.id, BACK.id]);
    await expect(connect('back')).rejects.toMatchObject({ kind: 'conflict' });
    await disconnect('front', 'name');
    expect(networks()).toEqual([BACK.id]);
  });

  it('has links on a network for as long as it is on it', async () => {
    const links = [{ container: 'db', alias: 'cache' }];
    await connect('back', { links });
    const imageConfig = JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { diff_ids: [] } });
    const shown = () => {
      const row = { ...containerRow(), ...containerById(room.context.database, ID), imageConfig };
      const { endpoints } = containerNetworking(room.context, { row, status: { state: 'created' } });
      return [linksOf(row.options.network), endpoints.map((endpoint) => endpoint.links)];
    };
    expect(shown()).toEqual([links, [[], ['db:cache']]]);
    await disconnect('back', 'name');
    expect(shown()).toEqual([[], [[]]]);
  });

  it('is not connected to a network that is removed at the same moment', async () => {
    const connecting = connect('back');
    deleteNetwork(room.context.database, BACK.id);
    await expect(connecting).rejects.toMatchObject({ kind: 'notFound', message: 'no such network: back' });
    expect(networks()).toEqual([FRONT.id]);
  });
});

describe('a network that is to go', () => {
  it('loses its containers, and says of which', async () => {
    expect(await disconnectAll(room.context, FRONT)).toEqual([{ container: 'name', isInHosts: true }]);
    expect(networks()).toEqual([]);
    expect(await disconnectAll(room.context, FRONT)).toEqual([]);
  });
});

describe('what a container cannot be asked for is refused when it is connected, and not by its next start:', () => {
  it.each<[string, Partial<NetworkAttachment>, string]>([
    ['bridge', { aliases: ['db'] }, 'aliases are only supported for user-defined networks'],
    [BRIDGE.id, { aliases: ['db'] }, 'aliases are only supported for user-defined networks'],
    ['dddd', { ip: '10.9.0.9' }, 'chosen addresses are only supported for user-defined networks'],
    ['back', { interfaceName: 'lo' }, '"lo" cannot be the name of an interface'],
    ['back', { aliases: [''] }, 'invalid network alias: ""'],
    ['back', { mac: '01:00:5e:00:00:01' }, 'invalid MAC address: "01:00:5e:00:00:01"'],
  ])('network %s with %j', async (network, attachment, message) => {
    await expect(connect(network, attachment)).rejects.toMatchObject({ kind: 'invalid', message });
    expect(networks()).toEqual([FRONT.id]);
  });

  it('an option that no driver has', async () => {
    await expect(connect('back', { driverOptions: { a: 'b' } })).rejects.toMatchObject({
      kind: 'unsupported',
      message: 'there is no driver option a for a container on a network',
    });
  });

  it('a link by a name that cannot stand in /etc/hosts', async () => {
    const links = [{ container: 'web', alias: 'a b' }];
    await expect(connect('back', { links })).rejects.toMatchObject({
      kind: 'invalid',
      message: 'invalid alias of a link: "a b"',
    });
    expect(networks()).toEqual([FRONT.id]);
  });

  it('a second interface of one name', async () => {
    await connect('back', { interfaceName: 'lan0' });
    const driverOptions = { 'com.docker.network.endpoint.ifname': 'lan0' };
    await expect(connect('bridge', { driverOptions })).rejects.toMatchObject({
      kind: 'invalid',
      message: 'two interfaces cannot both be lan0',
    });
    expect(networks()).toEqual([FRONT.id, BACK.id]);
  });
});

describe('a container', () => {
  const refused = (name: string) => ({
    kind: 'invalid',
    message: expect.stringContaining('cannot be put on'),
    subject: name,
  });

  it.each(['host', 'none'])('is not put on %s or taken off it', async (network) => {
    await expect(connect(network)).rejects.toMatchObject(refused(network));
    await expect(disconnect(network, 'name')).rejects.toMatchObject(refused(network));
    await expect(disconnect(network, 'nobody')).rejects.toMatchObject({ failure: 'noSuchContainer' });
  });

  it('that has none of its own is told first that there is no such network', async () => {
    const other = 'e'.repeat(64) as ContainerId;
    insertContainer(room.context.database, containerRow({ id: other, name: 'alone' }), () => false);
    const asked = (network: string) => connectContainer(room.context, 'alone', { network });
    await expect(asked('nope')).rejects.toMatchObject({ failure: 'noSuchNetwork' });
    await expect(asked('back')).rejects.toMatchObject({ kind: 'conflict' });
  });
});

describe('to disconnect by force', () => {
  it('is fine for a container that is not there any more, by name, id and part of an id', async () => {
    for (const [network, container] of [
      ['front', 'nobody'],
      [FRONT.id, 'a'.repeat(64)],
      ['ffff', 'aaaa'],
    ] as const) {
      await disconnect(network, container, true);
      await expect(disconnect(network, container)).rejects.toMatchObject({ kind: 'notFound' });
    }
  });

  it('does not hide that there is no such network, or that the container is not on it', async () => {
    for (const network of ['frnt', 'e'.repeat(64), 'eeee']) {
      await expect(disconnect(network, 'name', true)).rejects.toMatchObject({
        kind: 'notFound',
        message: `no such network: ${network}`,
      });
    }
    await expect(disconnect('back', 'name', true)).rejects.toMatchObject({ kind: 'conflict' });
    await expect(disconnect('', 'name', true)).rejects.toMatchObject({ kind: 'notFound' });
  });
});
