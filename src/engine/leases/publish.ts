import { existsSync, readFileSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import type { NetworkDefinition, PublishedPort } from '../../network/address/definition.ts';
import { usedPorts } from '../../network/ports/used-ports.ts';
import type { PortMapping } from '../options/create.ts';
import type { Context } from '../store/context.ts';
import { containerWithPort, overlap } from './ports.ts';

/** Where Linux and Docker look for free ports when nobody says which. */
const EPHEMERAL = { first: 32_768, last: 60_999 };

/**
 * Decides which ports of the host lead to a container on a network: those that its mappings name, the first free one of a
 * range, and any free one where none is named, the same on IPv4 and IPv6. What processes of the host listen on counts as
 * taken where there is a choice; a port without one is taken when it is held. Call it in the transaction that leases them.
 * Throws `conflict` when all of a range are taken.
 */
export function publishedPorts(
  context: Context,
  mappings: readonly PortMapping[],
  { hostBinding }: Pick<NetworkDefinition, 'hostBinding'>,
): PublishedPort[] {
  const chosen: PublishedPort[] = [];
  const isUsed = usedPorts();
  for (const mapping of mappings) {
    const addresses = addressesFor(context, mapping, hostBinding);
    const isFree = (hostPort: number): boolean =>
      addresses.every((hostAddress) => {
        const candidate = { protocol: mapping.protocol, hostAddress, hostPort };
        if (isChosen(candidate, chosen) || containerWithPort(context, candidate) !== undefined) return false;
        return !isUsed(mapping.protocol, hostAddress, hostPort);
      });
    const wanted = wantedPorts(mapping);
    const hasChoice = wanted === undefined || wanted.first !== wanted.last;
    const hostPort = hasChoice ? firstFree(wanted, mapping, isFree) : wanted.first;
    for (const hostAddress of addresses) {
      const port = {
        protocol: mapping.protocol,
        hostAddress,
        hostPort,
        containerPort: mapping.containerPort,
      };
      if (isChosen(port, chosen)) throw namedTwice(port);
      chosen.push(port);
    }
  }
  return chosen;
}

/** Whether another mapping of the same container has it. */
function isChosen(
  { protocol, hostAddress, hostPort }: Omit<PublishedPort, 'containerPort'>,
  chosen: readonly PublishedPort[],
): boolean {
  return chosen.some(
    (other) =>
      other.protocol === protocol && other.hostPort === hostPort && overlap(other.hostAddress, hostAddress),
  );
}

function namedTwice({ protocol, hostPort }: PublishedPort): EngineError {
  return new EngineError('invalid', `port ${hostPort}/${protocol} of the host is named twice`, {
    subject: String(hostPort),
    hint: 'a port of the host leads to one port of the container',
  });
}

/** Undefined: any. */
function wantedPorts({ hostPorts }: PortMapping): PortMapping['hostPorts'] {
  return hostPorts?.first === 0 ? undefined : hostPorts;
}

function firstFree(
  wanted: PortMapping['hostPorts'],
  { protocol, containerPort }: PortMapping,
  isFree: (port: number) => boolean,
): number {
  const { first, last } = wanted ?? ephemeralRange();
  const count = last - first + 1;
  // Not from the same one each time: a port that was just left may still be in somebody's mind.
  const start = wanted === undefined ? Math.floor(Math.random() * count) : 0;
  for (let step = 0; step < count; step += 1) {
    const port = first + ((start + step) % count);
    if (isFree(port)) return port;
  }
  throw new EngineError(
    'conflict',
    `no port from ${first} to ${last} is free for port ${containerPort}/${protocol} of the container`,
    {
      subject: `${first}-${last}`,
      hint: 'name a larger range, or stop what has them (skiff ps shows ports)',
    },
  );
}

/** ip_local_port_range of this host. */
function ephemeralRange(): { first: number; last: number } {
  try {
    const [first, last] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1')
      .trim()
      .split(/\s+/)
      .map(Number);
    return first && last ? { first, last } : EPHEMERAL;
  } catch {
    return EPHEMERAL;
  }
}

/** Every address of both families when nobody says otherwise: the mapping, the network, or the setting for all. */
function addressesFor(
  { publishAddress }: Context,
  { hostAddress }: PortMapping,
  hostBinding: string | undefined,
): string[] {
  const address = hostAddress ?? hostBinding ?? publishAddress;
  if (address !== undefined && address !== '') return [address];
  return existsSync('/proc/net/if_inet6') ? ['0.0.0.0', '::'] : ['0.0.0.0'];
}
