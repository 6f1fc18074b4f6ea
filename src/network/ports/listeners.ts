import { readdirSync, readlinkSync } from 'node:fs';
import { readText } from '../../host/read-text.ts';
import { type Address, isUnspecified, parseAddress } from '../address/address.ts';
import type { Protocol } from '../address/definition.ts';

/** The process that has a port of this host. */
export interface PortHolder {
  pid: number;
  /** The name of its command: at most 15 bytes (proc(5), comm). */
  command: string;
}

/** A socket that a port is bound by. */
interface BoundSocket {
  addresses: Address[];
  port: number;
  inode: string;
}

export interface PortQuestion {
  protocol: Protocol;
  address: string;
  port: number;
}

/**
 * The process that has a port of the host's which could not be bound; undefined when there is none any more, or when it
 * cannot be seen. Looks at every process: for a message only.
 */
export function portHolder({ protocol, address, port }: PortQuestion): PortHolder | undefined {
  const wanted = parseAddress(address);
  if (!wanted) return undefined;
  const files = protocol === 'sctp' ? ['sctp/eps'] : [protocol, `${protocol}6`];
  const sockets = files.flatMap((file) => {
    const text = readText(`/proc/net/${file}`) ?? '';
    return protocol === 'sctp' ? sctpEndpoints(text) : boundSockets(text, protocol);
  });
  const inodes = sockets
    .filter((socket) => socket.port === port && socket.addresses.some((bound) => isInTheWay(bound, wanted)))
    .map(({ inode }) => inode);
  return inodes.length > 0 ? ownerOf(new Set(inodes)) : undefined;
}

/** The sockets of /proc/net/tcp, tcp6 (those that listen), udp and udp6 (all of them) (proc(5)). */
export function boundSockets(text: string, protocol: 'tcp' | 'udp'): BoundSocket[] {
  const LISTENING = '0A';
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const [digits, port] = fields[1]?.split(':') ?? [];
      const inode = fields[9];
      if (!digits || !port || inode === undefined || (protocol === 'tcp' && fields[3] !== LISTENING))
        return [];
      return [{ addresses: [addressOfWords(digits)], port: Number.parseInt(port, 16), inode }];
    });
}

/** The endpoints of /proc/net/sctp/eps: the port is the sixth field, then user, inode, and every address. */
export function sctpEndpoints(text: string): BoundSocket[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const inode = fields[7];
      if (inode === undefined) return [];
      const addresses = fields
        .slice(8)
        .map(parseAddress)
        .filter((address) => address !== undefined);
      return [{ addresses, port: Number(fields[5]), inode }];
    });
}

/** Reads an address from words of 32 bits, each in this machine's byte order. */
function addressOfWords(digits: string): Address {
  const bytes = digits.replace(/(..)(..)(..)(..)/g, '$4$3$2$1');
  return { family: digits.length === 8 ? 4 : 6, value: BigInt(`0x${bytes}`) };
}

/**
 * Whether a bound address is in the way of the wanted one: both are the same, or either is every address; `::` has
 * those of IPv4, too.
 */
function isInTheWay(bound: Address, wanted: Address): boolean {
  if (bound.family !== wanted.family) return bound.family === 6 && isUnspecified(bound);
  return bound.value === wanted.value || isUnspecified(bound) || isUnspecified(wanted);
}

function ownerOf(inodes: ReadonlySet<string>): PortHolder | undefined {
  for (const pid of readableNames('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    for (const descriptor of readableNames(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(readLink(`/proc/${pid}/fd/${descriptor}`))?.[1];
      if (inode !== undefined && inodes.has(inode))
        return { pid: Number(pid), command: (readText(`/proc/${pid}/comm`) ?? '').trim() };
    }
  }
  return undefined;
}

/** Processes and descriptors go while one looks. */
function readableNames(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
