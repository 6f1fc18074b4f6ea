import type { NetworkInfo } from '../options/network.ts';
import { hidden, listOrNull, mapOf, mapOrNull, omitEmpty } from './go-json.ts';

/** A network as `docker network inspect` shows it (Docker Engine API, NetworkInspect): JSON, Docker's names. */
export function networkObject(network: NetworkInfo): object {
  const { id, driver } = network;
  return hidden(
    {
      Name: network.name,
      Id: id,
      Created: new Date(network.createdAt).toISOString(),
      Scope: 'local',
      Driver: driver,
      EnableIPv4: network.ipv4,
      EnableIPv6: network.ipv6,
      IPAM: {
        Driver: 'default',
        Options: driver === 'bridge' || driver === 'macvlan' ? mapOf() : mapOrNull(),
        Config: listOrNull(network.subnets.map(subnetObject)),
      },
      Internal: network.internal,
      Attachable: network.attachable,
      Ingress: false,
      ConfigFrom: { Network: '' },
      ConfigOnly: false,
      Containers: mapOf(
        Object.fromEntries(
          network.containers.map(({ containerId, name, endpointId, mac, address4, address6 }) => [
            containerId,
            {
              Name: name,
              EndpointID: endpointId,
              MacAddress: mac,
              IPv4Address: address4 ?? '',
              IPv6Address: address6 ?? '',
            },
          ]),
        ),
      ),
      Options: mapOf(network.options),
      Labels: mapOf(network.labels),
    },
    { ID: id },
  );
}

function subnetObject({ subnet, range, gateway, auxiliary }: NetworkInfo['subnets'][number]): object {
  return hidden(
    omitEmpty(
      {
        Subnet: subnet,
        IPRange: range ?? '',
        Gateway: gateway ?? '',
        AuxiliaryAddresses: mapOf(auxiliary),
      },
      'IPRange',
      'Gateway',
      'AuxiliaryAddresses',
    ),
    { AuxAddress: mapOf(auxiliary) },
  );
}
