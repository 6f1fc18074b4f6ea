import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { inspectContainer } from '../../../../src/engine/inspect/container.ts';
import type { CreateOptions } from '../../../../src/engine/options/create.ts';
import type { ContainerEndpoint, ContainerNetworking } from '../../../../src/engine/options/network.ts';
import { listContainers } from '../../../../src/engine/reports/ps.ts';
import { insertContainer } from '../../../../src/engine/store/containers.ts';
import { containerRow, ID, useContext } from '../fixtures.ts';

let networking: ContainerNetworking = { endpoints: [], ports: [] };
vi.mock('../../../../src/engine/endpoints/shown.ts', () => ({ containerNetworking: () => networking }));
beforeEach(() => {
  networking = { endpoints: [], ports: [] };
});

const room = useContext();
const plain = containerRow().options;

const BRIDGE: ContainerEndpoint = {
  network: { id: 'b'.repeat(64), name: 'bridge' },
  endpointId: 'e'.repeat(64),
  mac: '92:d0:c6:0a:29:33',
  address4: '172.17.0.2',
  prefix4: 16,
  gateway4: '172.17.0.1',
  aliases: [],
  dnsNames: [],
  links: [],
  wanted: {},
  gatewayPriority: 0,
};
const FRONT: ContainerEndpoint = {
  ...BRIDGE,
  network: { id: 'f'.repeat(64), name: 'front' },
  address6: 'fd00::2',
  prefix6: 64,
  gateway6: 'fd00::1',
  aliases: ['a'],
  dnsNames: ['name', 'a', 'cccccccccccc'],
  links: ['db:cache'],
  wanted: { ip: '172.18.0.9' },
  driverOptions: { x: 'y' },
  gatewayPriority: 5,
};

interface Inspected {
  HostConfig: Record<string, unknown>;
  Config: Record<string, unknown>;
  NetworkSettings: Record<string, unknown>;
}

async function inspect(changes: Partial<CreateOptions>): Promise<Inspected> {
  const row = containerRow({ options: { ...plain, ...changes } });
  const object = await inspectContainer(room.context, { row, status: { state: 'created' } });
  return JSON.parse(JSON.stringify(object));
}

const onNetworks = (network: CreateOptions['network']): Partial<CreateOptions> => ({
  namespaces: { network: 'networks' },
  network,
});

describe('inspect', () => {
  it('shows the default network also as the only one there once was', async () => {
    networking = {
      endpoints: [BRIDGE],
      ports: [
        { protocol: 'tcp', containerPort: 80, host: { address: '0.0.0.0', port: 8080 } },
        { protocol: 'tcp', containerPort: 80, host: { address: '::', port: 8080 } },
        { protocol: 'udp', containerPort: 53 },
      ],
    };
    const { NetworkSettings, HostConfig } = await inspect(
      onNetworks({ attachments: [{ network: BRIDGE.network.id }] }),
    );
    const addresses = {
      EndpointID: BRIDGE.endpointId,
      Gateway: '172.17.0.1',
      GlobalIPv6Address: '',
      GlobalIPv6PrefixLen: 0,
      IPAddress: '172.17.0.2',
      IPPrefixLen: 16,
      IPv6Gateway: '',
      MacAddress: BRIDGE.mac,
    };
    expect(NetworkSettings).toMatchObject({
      ...addresses,
      Ports: {
        '53/udp': null,
        '80/tcp': [
          { HostIp: '0.0.0.0', HostPort: '8080' },
          { HostIp: '::', HostPort: '8080' },
        ],
      },
    });
    expect(NetworkSettings['Networks']).toEqual({
      bridge: {
        IPAMConfig: null,
        Links: null,
        Aliases: null,
        DriverOpts: null,
        GwPriority: 0,
        NetworkID: BRIDGE.network.id,
        DNSNames: null,
        ...addresses,
      },
    });
    expect(HostConfig).toMatchObject({ NetworkMode: 'bridge', Links: null });
  });

  it('shows other networks under their names, with what the user asked for and what the container got', async () => {
    networking = { endpoints: [FRONT], ports: [] };
    const { NetworkSettings, HostConfig } = await inspect(
      onNetworks({ attachments: [{ network: FRONT.network.id }] }),
    );
    expect(NetworkSettings).toMatchObject({ IPAddress: '', Gateway: '', MacAddress: '', Ports: {} });
    expect(NetworkSettings['Networks']).toMatchObject({
      front: {
        IPAMConfig: { IPv4Address: '172.18.0.9' },
        Links: ['db:cache'],
        Aliases: ['a'],
        DriverOpts: { x: 'y' },
        GwPriority: 5,
        NetworkID: FRONT.network.id,
        IPAddress: '172.17.0.2',
        GlobalIPv6Address: 'fd00::2',
        GlobalIPv6PrefixLen: 64,
        IPv6Gateway: 'fd00::1',
        DNSNames: ['name', 'a', 'cccccccccccc'],
      },
    });
    expect(HostConfig).toMatchObject({ NetworkMode: 'front', Links: null });
  });

  it("shows no network of its own with another container's", async () => {
    const { NetworkSettings, HostConfig } = await inspect({ namespaces: { network: { container: 'abc' } } });
    expect(NetworkSettings['Networks']).toEqual({});
    expect(HostConfig['NetworkMode']).toBe('container:abc');
  });

  it("shows what was asked for under Docker's names", async () => {
    networking = { endpoints: [{ ...BRIDGE, links: ['db:cache', 'db'] }], ports: [] };
    const { HostConfig, Config } = await inspect(
      onNetworks({
        attachments: [{ network: BRIDGE.network.id }],
        publish: [
          { protocol: 'tcp', containerPort: 80, hostPorts: { first: 8080, last: 8080 } },
          { protocol: 'tcp', containerPort: 80, hostAddress: '127.0.0.1' },
          { protocol: 'udp', containerPort: 53, hostPorts: { first: 5000, last: 5010 } },
          { protocol: 'sctp', containerPort: 9, hostPorts: { first: 0, last: 0 } },
        ],
        publishAll: true,
        expose: [{ protocol: 'tcp', port: 81 }],
        dns: { servers: ['1.1.1.1'], options: ['ndots:2'], search: ['example.org'] },
        extraHosts: [
          { name: 'a', address: '10.0.0.1' },
          { name: 'me', address: 'host-gateway' },
        ],
      }),
    );
    expect(HostConfig).toMatchObject({
      PortBindings: {
        '80/tcp': [
          { HostIp: '', HostPort: '8080' },
          { HostIp: '127.0.0.1', HostPort: '' },
        ],
        '53/udp': [{ HostIp: '', HostPort: '5000-5010' }],
        '9/sctp': [{ HostIp: '', HostPort: '0' }],
      },
      PublishAllPorts: true,
      Dns: ['1.1.1.1'],
      DnsOptions: ['ndots:2'],
      DnsSearch: ['example.org'],
      ExtraHosts: ['a:10.0.0.1', 'me:host-gateway'],
      Links: ['/db:/name/cache', '/db:/name/db'],
    });
    expect(Config['ExposedPorts']).toEqual({ '53/udp': {}, '80/tcp': {}, '81/tcp': {}, '9/sctp': {} });
  });

  it('shows no wishes as Docker does', async () => {
    const { HostConfig, Config } = await inspect(onNetworks({ attachments: [{ network: 'bridge' }] }));
    expect(HostConfig).toMatchObject({
      NetworkMode: 'bridge',
      PortBindings: {},
      PublishAllPorts: false,
      Dns: [],
      DnsOptions: [],
      DnsSearch: [],
      ExtraHosts: null,
      Links: null,
    });
    expect(Config).not.toHaveProperty('ExposedPorts');
  });
});

describe('the list of containers', () => {
  async function names(name: string, ...values: string[]): Promise<string> {
    const filters = new Map([[name, values]]);
    const listed = await listContainers(room.context, { all: true, filters });
    return listed.map(({ row }) => row.name).join(' ');
  }

  beforeEach(() => {
    networking = {
      endpoints: [BRIDGE, FRONT],
      ports: [
        { protocol: 'tcp', containerPort: 80, host: { address: '0.0.0.0', port: 8080 } },
        { protocol: 'udp', containerPort: 53, host: { address: '0.0.0.0', port: 5353 } },
        { protocol: 'tcp', containerPort: 443 },
      ],
    };
    const row = containerRow({
      id: ID,
      started: false,
      options: { ...plain, ...onNetworks({ attachments: [], expose: [{ protocol: 'tcp', port: 443 }] }) },
    });
    mkdirSync(join(room.context.paths.containers, ID), { recursive: true });
    insertContainer(room.context.database, row, () => false);
  });

  it.each([
    ['network', 'front', true],
    ['network', 'bridge', true],
    ['network', 'fff', true],
    ['network', 'fro', false],
    ['network', 'none', false],
    ['network', '', false],
    ['publish', '8080', true],
    ['publish', '8000-9000/tcp', true],
    ['publish', '5353/udp', true],
    ['publish', '5353', false],
    ['publish', '80', false],
    ['expose', '443', true],
    ['expose', '443/udp', false],
  ])('has it or not with %s=%s', async (filter, value, expected) => {
    expect(await names(filter, value)).toBe(expected ? 'name' : '');
  });

  it('has what fits one of several values', async () => {
    expect(await names('publish', '1', '8080')).toBe('name');
    expect(await names('network', 'x', 'front')).toBe('name');
  });

  it('knows its networks and ports', async () => {
    const [listed] = await listContainers(room.context, { all: true });
    expect(listed?.networking.networks.map(({ name }) => name)).toEqual(['bridge', 'front']);
    expect(listed?.networking.ports).toBe(networking.ports);
  });
});
