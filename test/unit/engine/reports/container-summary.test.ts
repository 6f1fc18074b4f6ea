import { describe, expect, it } from 'vitest';
import type { CreateOptions } from '../../../../src/engine/options/create.ts';
import { containerSummary } from '../../../../src/engine/reports/container-summary.ts';
import type { ListedContainer } from '../../../../src/engine/reports/ps.ts';
import { containerRow } from '../fixtures.ts';

const ENDPOINT = {
  network: { id: 'f'.repeat(64), name: 'net' },
  endpointId: 'e'.repeat(64),
  mac: '02:42:ac:11:00:09',
  address4: '172.18.0.2',
  prefix4: 16,
  gateway4: '172.18.0.1',
  aliases: ['alias'],
  dnsNames: ['name'],
  links: ['db:cache'],
  wanted: { ip: '172.18.0.2' },
  driverOptions: { a: 'b' },
  gatewayPriority: 3,
};

function summary(options: Partial<CreateOptions>, changes: Partial<ListedContainer> = {}): object {
  const row = containerRow({
    argv: ['/my program', 'a b', 'c'],
    options: { ...containerRow().options, ...options },
  });
  const listed: ListedContainer = {
    row,
    status: { state: 'created' },
    state: { name: 'created', active: false, exitCode: 0 },
    image: 'busybox',
    labels: {},
    networking: { networks: [ENDPOINT.network], endpoints: [ENDPOINT], ports: [] },
    imageManifest: { digest: 'sha256:1' },
    volumeSources: new Map(),
    ...changes,
  };
  return JSON.parse(JSON.stringify(containerSummary(listed, 'Created')));
}

describe('a container in a list', () => {
  it('shows its words as Docker does', () => {
    expect(summary({}, { imageManifest: undefined })).not.toHaveProperty('ImageManifestDescriptor');
    expect(summary({})).toMatchObject({ ImageManifestDescriptor: { digest: 'sha256:1' } });
    expect(summary({})).toMatchObject({ Command: "/my program 'a b' c", State: 'created' });
  });

  it('shows less of its networks than inspect: addresses, and what was asked for of them', () => {
    expect(summary({})).toMatchObject({
      NetworkSettings: {
        Networks: {
          net: {
            IPAMConfig: { IPv4Address: '172.18.0.2' },
            Links: null,
            Aliases: null,
            DriverOpts: null,
            DNSNames: null,
            GwPriority: 3,
            NetworkID: 'f'.repeat(64),
            EndpointID: 'e'.repeat(64),
            IPAddress: '172.18.0.2',
            Gateway: '172.18.0.1',
            MacAddress: '02:42:ac:11:00:09',
          },
        },
      },
    });
  });

  it('shows its annotations, and where its volumes are', () => {
    const options: Partial<CreateOptions> = {
      annotations: { a: 'b' },
      mounts: [{ type: 'volume', name: 'data', target: '/data', asked: 'bind' }],
    };
    expect(summary(options, { volumeSources: new Map([['/data', '/volumes/data']]) })).toMatchObject({
      HostConfig: { Annotations: { a: 'b' } },
      Mounts: [{ Type: 'volume', Name: 'data', Source: '/volumes/data', Destination: '/data' }],
    });
    expect(summary({})).toHaveProperty('HostConfig', { NetworkMode: 'none' });
  });
});
