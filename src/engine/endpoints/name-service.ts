import { readText } from '../../host/read-text.ts';
import { familyOf } from '../../network/address/address-text.ts';
import type { NetworkDefinition } from '../../network/address/definition.ts';
import { type NameService, nameService } from '../../network/files/name-service.ts';
import type { DnsOptions } from '../../network/files/resolv-conf.ts';
import type { NetworkOptions } from '../options/create.ts';
import { DEFAULT_NETWORK } from '../options/network.ts';

/** How a container on these networks gets names resolved, as the host's files say now. */
export function containerNameService(
  networks: readonly NetworkDefinition[],
  options: NetworkOptions | undefined,
): NameService {
  return nameService({
    host: readText('/etc/resolv.conf') ?? '',
    resolved: () => readText('/run/systemd/resolve/resolv.conf') ?? '',
    interfaceNumber,
    dns: dnsOptions(options),
    networks: networks.map(({ name, internal, subnets }) => ({
      hasNames: name !== DEFAULT_NETWORK,
      internal,
      families: subnets.map(({ subnet }) => familyOf(subnet)),
    })),
  });
}

export function dnsOptions(network: NetworkOptions | undefined): DnsOptions {
  const { servers = [], search = [], options = [] } = network?.dns ?? {};
  return { servers, search, options };
}

/**
 * Returns an interface's number in this process's network namespace, which sysfs need not show; only interfaces with
 * IPv6 are found (proc(5)).
 */
function interfaceNumber(name: string): number | undefined {
  const lines = (readText('/proc/net/if_inet6') ?? '').split('\n').map((line) => line.trim().split(/\s+/));
  const number = lines.find((words) => words[5] === name)?.[1];
  return number === undefined ? undefined : Number.parseInt(number, 16);
}
