import { existsSync, readFileSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import type { NetworkDefinition, PublishedPort } from '../../network/address/definition.ts';
import { usedPorts } from '../../network/ports/used-ports.ts';
import type { PortMapping } from '../options/create.ts';
import type { Context } from '../store/context.ts';
import { containerWithPort, overlap } from './ports.ts';

/** The ports among which Linux and Docker look for free ones when the user names none. */
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
  const known = new ChosenPorts();
  const isUsed = usedPorts();
  const anywhere = new Anywhere();
  for (const mapping of mappings) {
    const addresses = addressesFor(context, mapping, hostBinding);
    const isFree = (hostPort: number): boolean =>
      addresses.every((hostAddress) => {
        const candidate = { protocol: mapping.protocol, hostAddress, hostPort };
        if (known.has(candidate) || containerWithPort(context, candidate) !== undefined) return false;
        return !isUsed(mapping.protocol, hostAddress, hostPort);
      });
    const wanted = wantedPorts(mapping);
    const hasChoice = wanted === undefined || wanted.first !== wanted.last;
    const hostPort = hasChoice
      ? firstFree(wanted === undefined ? anywhere.candidates() : numbers(wanted), mapping, isFree)
      : wanted.first;
    for (const hostAddress of addresses) {
      const port = {
        protocol: mapping.protocol,
        hostAddress,
        hostPort,
        containerPort: mapping.containerPort,
      };
      if (known.has(port)) throw namedTwice(port);
      known.add(port);
      chosen.push(port);
    }
  }
  return chosen;
}

type HostPort = Pick<PublishedPort, 'protocol' | 'hostAddress' | 'hostPort'>;

/**
 * The ports that mappings of the same container have. A port is found without going through all of them: an image may
 * expose every port there is, and others wait for the transaction.
 */
class ChosenPorts {
  readonly #addresses = new Map<string, string[]>();

  has({ protocol, hostAddress, hostPort }: HostPort): boolean {
    const addresses = this.#addresses.get(`${hostPort}/${protocol}`) ?? [];
    return addresses.some((other) => overlap(other, hostAddress));
  }

  add({ protocol, hostAddress, hostPort }: HostPort): void {
    const key = `${hostPort}/${protocol}`;
    this.#addresses.set(key, [...(this.#addresses.get(key) ?? []), hostAddress]);
  }
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

/** Ports to try, in that order. */
interface Candidates extends Iterable<number> {
  first: number;
  last: number;
}

function numbers({ first, last }: { first: number; last: number }): Candidates {
  return {
    first,
    last,
    *[Symbol.iterator]() {
      for (let port = first; port <= last; port += 1) yield port;
    },
  };
}

/** Looks for ports when the user names none. */
class Anywhere {
  #range: { first: number; last: number } | undefined;
  #next = 0;

  /**
   * Returns the ports to try, not from the same one each time: a port that was just left may still be in somebody's
   * mind. A mapping goes on where the one before it has found its own: thousands would otherwise go through those of
   * all others.
   */
  candidates(): Candidates {
    const { first, last } = this.#begin();
    const count = last - first + 1;
    const at = (): number => first + (this.#next++ % count);
    return {
      first,
      last,
      *[Symbol.iterator]() {
        for (let step = 0; step < count; step += 1) yield at();
      },
    };
  }

  #begin(): { first: number; last: number } {
    if (this.#range !== undefined) return this.#range;
    this.#range = ephemeralRange();
    this.#next = Math.floor(Math.random() * (this.#range.last - this.#range.first + 1));
    return this.#range;
  }
}

function firstFree(
  candidates: Candidates,
  { protocol, containerPort }: PortMapping,
  isFree: (port: number) => boolean,
): number {
  for (const port of candidates) if (isFree(port)) return port;
  const { first, last } = candidates;
  throw new EngineError(
    'conflict',
    `no port from ${first} to ${last} is free for port ${containerPort}/${protocol} of the container`,
    {
      subject: `${first}-${last}`,
      hint: 'name a larger range, or stop what has them',
      remedy: 'name a larger range, or stop what has them (skiff ps shows ports)',
    },
  );
}

/** Reads ip_local_port_range of this host. */
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

/**
 * Returns the host's addresses of a mapping: its own, else the network's, else those of the setting for all, else every
 * address of both families.
 */
function addressesFor(
  { publishAddress }: Context,
  { hostAddress }: PortMapping,
  hostBinding: string | undefined,
): string[] {
  const address = hostAddress ?? hostBinding ?? publishAddress;
  if (address !== undefined && address !== '') return [address];
  return existsSync('/proc/net/if_inet6') ? ['0.0.0.0', '::'] : ['0.0.0.0'];
}
