import type { ContainerPort } from '../../engine/options/network.ts';
import { bracketed } from '../../network/address/address-text.ts';

/**
 * The PORTS column of `ps`, as Docker writes it: ports that are one more than the one before are a range as long as host
 * and container agree on the number; where they do not, each stands by itself, after all the others.
 */
export function portsText(ports: readonly ContainerPort[]): string {
  const done: string[] = [];
  const open = new Map<string, Run>();
  const single: string[] = [];
  for (const { protocol, containerPort: port, host } of [...ports].sort(byPort)) {
    const address = host === undefined ? '' : bracketed(host.address);
    if (host !== undefined && host.port !== port) {
      single.push(`${address}:${host.port}->${port}/${protocol}`);
      continue;
    }
    const key = `${address}/${protocol}`;
    const run = open.get(key);
    if (run !== undefined && port === run.last + 1) {
      run.last = port;
      continue;
    }
    if (run !== undefined) done.push(runText(run));
    // Where it stood keeps its place among those that are still open.
    open.set(key, { address, protocol, first: port, last: port });
  }
  return [...done, ...[...open.values()].map(runText), ...single].join(', ');
}

interface Run {
  /** Empty: only exposed. */
  address: string;
  protocol: string;
  first: number;
  last: number;
}

function runText({ address, protocol, first, last }: Run): string {
  const range = first === last ? String(first) : `${first}-${last}`;
  return address === '' ? `${range}/${protocol}` : `${address}:${range}->${range}/${protocol}`;
}

/** Compares ports by their number in the container: one that is only exposed comes first, then IPv4, then IPv6. */
function byPort(a: ContainerPort, b: ContainerPort): number {
  const family = ({ host }: ContainerPort) => (host === undefined ? 0 : host.address.includes(':') ? 2 : 1);
  return (
    a.containerPort - b.containerPort ||
    family(a) - family(b) ||
    compare(a.host?.address ?? '', b.host?.address ?? '') ||
    (a.host?.port ?? 0) - (b.host?.port ?? 0) ||
    compare(a.protocol, b.protocol)
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
