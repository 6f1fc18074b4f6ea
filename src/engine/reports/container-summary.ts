import { mapOf, omitEmpty } from '../inspect/go-json.ts';
import { namespaceMode } from '../inspect/host-config-network.ts';
import { mountPoints } from '../inspect/mounts.ts';
import { listedNetworks } from '../inspect/network-settings.ts';
import type { ContainerPort } from '../options/network.ts';
import type { ListedContainer } from './ps.ts';

/** A container as Docker's ContainerList has it (ContainerSummary); `status` is the text of its column STATUS. */
export function containerSummary(container: ListedContainer, status: string): object {
  const { row, state, networking, size } = container;
  return omitEmpty(
    {
      Id: row.id,
      Names: [`/${row.name}`],
      Image: container.image,
      ImageID: row.imageId,
      Command: commandText(row.argv),
      Created: Math.floor(row.createdAt / 1000),
      Ports: networking.ports.map(portSummary),
      SizeRw: size?.own ?? 0,
      SizeRootFs: size?.total ?? 0,
      Labels: container.labels,
      State: state.name,
      Status: status,
      HostConfig: {
        NetworkMode: networkMode(container),
        ...(hasMembers(row.options.annotations) ? { Annotations: mapOf(row.options.annotations) } : {}),
      },
      NetworkSettings: { Networks: listedNetworks(networking.endpoints) },
      Mounts: mountPoints(row.options.mounts, container.volumeSources),
      ImageManifestDescriptor: container.imageManifest ?? null,
    },
    'ImageManifestDescriptor',
    'SizeRw',
    'SizeRootFs',
  );
}

function hasMembers(map: object = {}): boolean {
  return Object.keys(map).length > 0;
}

/** Words with spaces in quotation marks, but for the program itself. */
function commandText([path = '', ...args]: readonly string[]): string {
  return [path, ...args.map((word) => (word.includes(' ') ? `'${word}'` : word))].join(' ');
}

function portSummary({ protocol, containerPort, host }: ContainerPort): object {
  return {
    ...(host === undefined ? {} : { IP: host.address }),
    PrivatePort: containerPort,
    ...(host === undefined ? {} : { PublicPort: host.port }),
    Type: protocol,
  };
}

function networkMode({ row, networking }: ListedContainer): string {
  const { network } = row.options.namespaces;
  if (network !== 'networks') return namespaceMode(network);
  return networking.networks[0]?.name ?? 'none';
}
