import type { ContainerRow } from './container-store.ts';
import { listOrNull, mapOf, mapOrNull } from './inspect-json.ts';
import { networksOf } from './list-container-filters.ts';

/** `NetworkSettings` of Docker's ContainerInspect. With `none` and `host` there is nothing but the network's name. */
export function networkSettings(row: ContainerRow): object {
  return {
    Bridge: '',
    SandboxID: '',
    SandboxKey: '',
    Ports: mapOf(),
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: listOrNull(),
    SecondaryIPv6Addresses: listOrNull(),
    ...addresses(),
    Networks: mapOf(Object.fromEntries(networksOf(row).map((name) => [name, endpoint()]))),
  };
}

function endpoint(): object {
  const { EndpointID, MacAddress, ...rest } = addresses();
  return {
    IPAMConfig: null,
    Links: listOrNull(),
    Aliases: listOrNull(),
    MacAddress,
    DriverOpts: mapOrNull(),
    NetworkID: '',
    EndpointID,
    ...rest,
    DNSNames: listOrNull(),
  };
}

function addresses() {
  return {
    EndpointID: '',
    Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    IPAddress: '',
    IPPrefixLen: 0,
    IPv6Gateway: '',
    MacAddress: '',
  };
}
