import { readFileSync } from 'node:fs';
import type { Protocol } from './definition.ts';
import { boundSockets, sctpEndpoints } from './listeners.ts';

/** The ports that sockets of this host are bound to, as `tcp 80`: what is there to be avoided where there is a choice. */
export function usedPorts(): Set<string> {
  const used = new Set<string>();
  const add = (protocol: Protocol, sockets: readonly { port: number }[]): void => {
    for (const { port } of sockets) used.add(`${protocol} ${port}`);
  };
  for (const protocol of ['tcp', 'udp'] as const) {
    add(protocol, boundSockets(readText(`/proc/net/${protocol}`), protocol));
    add(protocol, boundSockets(readText(`/proc/net/${protocol}6`), protocol));
  }
  add('sctp', sctpEndpoints(readText('/proc/net/sctp/eps')));
  return used;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
