import { isListenedOn } from '../../host/listened-on.ts';
import { readText } from '../../host/read-text.ts';
import type { Protocol } from '../address/definition.ts';
import { boundSockets, sctpEndpoints } from './listeners.ts';

/** Whether a socket of this host has a port of an address. */
export type IsUsed = (protocol: Protocol, address: string, port: number) => boolean;

/**
 * The number of ports that are tried one by one, a quarter of a millisecond each, before the kernel's list is less
 * work.
 */
const TRIED_AT_MOST = 64;

/** Tells what is to be avoided where there is a choice. The kernel's lists are read at most once. */
export function usedPorts(): IsUsed {
  let tried = 0;
  const lists = new Map<Protocol, ReadonlySet<number>>();
  const listed = (protocol: Protocol): ReadonlySet<number> => {
    const known = lists.get(protocol) ?? boundPorts(protocol);
    lists.set(protocol, known);
    return known;
  };
  return (protocol, address, port) => {
    tried += 1;
    const known = protocol === 'tcp' && tried <= TRIED_AT_MOST ? isListenedOn(address, port) : undefined;
    return known ?? listed(protocol).has(port);
  };
}

function boundPorts(protocol: Protocol): ReadonlySet<number> {
  const list = (name: string): string => readText(`/proc/net/${name}`) ?? '';
  const sockets =
    protocol === 'sctp'
      ? sctpEndpoints(list('sctp/eps'))
      : [protocol, `${protocol}6`].flatMap((name) => boundSockets(list(name), protocol));
  return new Set(sockets.map(({ port }) => port));
}
