import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { listNetworks, networkInfo } from '../../../../src/engine/networks/list.ts';
import type { NetworkFilters } from '../../../../src/engine/options/network.ts';
import { containerPaths } from '../../../../src/engine/store/container-paths.ts';
import { type ContainerId, insertContainer } from '../../../../src/engine/store/containers.ts';
import { insertNetwork } from '../../../../src/engine/store/networks.ts';
import { formatIdentity, ownIdentity } from '../../../../src/host/process.ts';
import type { NetworkDefinition } from '../../../../src/network/address/definition.ts';
import { containerRow, ID, useContext } from '../fixtures.ts';

const room = useContext();

describe('the default network', () => {
  it('is there as soon as somebody looks', async () => {
    expect(await networkInfo(room.context, 'bridge')).toMatchObject({ name: 'bridge', driver: 'bridge' });
    const names = (await listNetworks(room.context, {})).map(({ name }) => name);
    expect(names).toEqual(['bridge', 'host', 'none']);
  });

  it('has the options that Docker shows of its own, also of what nobody has said', async () => {
    const { options } = await networkInfo(room.context, 'bridge');
    expect(options).toEqual({
      'com.docker.network.bridge.default_bridge': 'true',
      'com.docker.network.bridge.enable_icc': 'true',
      'com.docker.network.bridge.enable_ip_masquerade': 'true',
      'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
      'com.docker.network.bridge.name': expect.stringMatching(/^skiff/),
      'com.docker.network.driver.mtu': '1500',
    });
  });

  it('is refused to whoever asks for it while no subnet is free for it; the others are shown', async () => {
    const definition = {
      id: 'f'.repeat(64),
      name: 'everything',
      driver: 'macvlan',
      link: 'eth0',
      subnets: [{ subnet: '0.0.0.0/0', auxiliary: {} }],
      internal: false,
    } as unknown as NetworkDefinition;
    insertNetwork(room.context.database, { definition, labels: {}, options: {}, createdAt: 0 });
    await expect(networkInfo(room.context, 'bridge')).rejects.toMatchObject({ kind: 'unavailable' });
    const names = (await listNetworks(room.context, {})).map(({ name }) => name);
    expect(names).toEqual(['everything', 'host', 'none']);
  });
});

describe('a network without links', () => {
  it('shows the running containers of its mode, when it is looked at alone', async () => {
    const { context } = room;
    insertContainer(context.database, containerRow(), () => true);
    const { runDir, state } = containerPaths(context.paths, ID);
    mkdirSync(runDir, { recursive: true });
    const self = formatIdentity(ownIdentity());
    writeFileSync(state, `monitor ${self}\ninit ${self}\nstarted 1\n`);
    const ended = containerRow({
      id: 'd'.repeat(64) as ContainerId,
      name: 'other',
      started: false,
      starter: undefined,
    });
    insertContainer(context.database, ended, () => true);
    const { id, containers } = await networkInfo(context, 'none');
    expect(containers).toEqual([
      { containerId: ID, name: 'name', endpointId: expect.stringMatching(/^[0-9a-f]{64}$/), mac: '' },
    ]);
    expect(containers[0]?.endpointId).not.toBe(id);
    expect((await networkInfo(context, 'host')).containers).toEqual([]);
  });
});

describe('the list of networks', () => {
  const names = async (filters: NetworkFilters) =>
    (await listNetworks(room.context, filters)).map(({ name }) => name).join(' ');

  it('is filtered by names and ids that are regular expressions', async () => {
    expect(await names({ name: ['^host$', 'non'] })).toBe('host none');
    expect(await names({ name: ['^n.ne$'] })).toBe('none');
    expect(await names({ name: ['^o'] })).toBe('');
    expect(await names({ name: ['bridge|host'] })).toBe('bridge host');
    const { id } = await networkInfo(room.context, 'host');
    expect(await names({ id: [`^${id.slice(0, 40)}`] })).toBe('host');
    expect(await names({ id: [`^${id.slice(1, 41)}`] })).toBe('');
  });
});
