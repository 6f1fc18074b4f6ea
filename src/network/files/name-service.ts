import { type Address, isLoopback, isUnspecified, parseAddress } from '../address/address.ts';
import {
  type DnsOptions,
  embeddedResolvConf,
  hostResolvConf,
  parseResolvConf,
  type ResolvConf,
} from './resolv-conf.ts';

/** How a container gets names resolved. */
export interface NameService {
  /** The text of its /etc/resolv.conf. */
  resolvConf: string;
  /** Whether /etc/resolv.conf names the embedded resolver, which then has to run. */
  hasResolver: boolean;
  /** The servers that the resolver asks for what it does not know itself, in order; a zone (RFC 4007, 11) is a number. */
  upstreams: string[];
  /** The network namespace from which the resolver asks them; none: nothing leaves the networks of this container. */
  forward: 'host' | 'container' | 'none';
}

export interface NameServiceRequest {
  /** The text of the host's /etc/resolv.conf; empty when there is none. */
  host: string;
  /** The text of systemd-resolved's own list of servers; asked for only where that answers for the host. */
  resolved: () => string;
  /** The number of an interface of the host, which stands behind a link-local address. */
  interfaceNumber: (name: string) => number | undefined;
  dns: DnsOptions;
  /** The container's networks; empty for a container without a network. */
  networks: readonly { hasNames: boolean; internal: boolean; families: readonly (4 | 6)[] }[];
}

/** systemd-resolved(8) answers there for the host alone. */
const SYSTEMD_RESOLVED = '127.0.0.53';

/** The server that a resolver asks when none is named (resolv.conf(5), `nameserver`). */
const UNNAMED_SERVER = '127.0.0.1';

/**
 * Decides who answers a container's questions for names. Servers that somebody named for it are asked from where it is.
 * Otherwise it asks those of the host that it can reach by itself; where there are none, or where a network has names of
 * its own, the embedded resolver asks the host's servers from where the host is, so that those on its loopback and
 * behind its link-local addresses answer, too.
 */
export function nameService(request: NameServiceRequest): NameService {
  const { dns, networks } = request;
  const host = parseResolvConf(request.host);
  const text = networks.some(({ hasNames }) => hasNames)
    ? undefined
    : networks.length === 0
      ? hostResolvConf(host, dns)
      : directResolvConf(host, request);
  return {
    resolvConf: text ?? embeddedResolvConf(host, dns),
    hasResolver: text === undefined,
    ...upstreams(host, request),
  };
}

/** Servers that the container asks by itself; undefined: it cannot reach any. */
function directResolvConf(
  host: ResolvConf,
  { dns, networks, resolved }: NameServiceRequest,
): string | undefined {
  if (dns.servers.length > 0) return hostResolvConf(host, dns);
  const families = networks.flatMap((network) => network.families);
  const isStub = host.servers.length > 0 && host.servers.every((server) => server === SYSTEMD_RESOLVED);
  const asked = isStub ? parseResolvConf(resolved()) : host;
  const servers = asked.servers.filter((server) => isReachable(server, families));
  return servers.length === 0 ? undefined : hostResolvConf({ ...asked, servers }, dns);
}

function upstreams(
  host: ResolvConf,
  { dns, networks, interfaceNumber }: NameServiceRequest,
): Pick<NameService, 'upstreams' | 'forward'> {
  if (dns.servers.length > 0) return { upstreams: [...dns.servers], forward: 'container' };
  if (networks.every(({ internal }) => internal)) return { upstreams: [], forward: 'none' };
  const servers = host.servers.length > 0 ? host.servers : [UNNAMED_SERVER];
  return { upstreams: servers.flatMap((server) => numbered(server, interfaceNumber)), forward: 'host' };
}

/**
 * Returns a server with the number of the interface in the place of its name; nothing where there is no such interface.
 */
function numbered(server: string, interfaceNumber: (name: string) => number | undefined): string[] {
  const [address = '', zone] = server.split('%');
  if (zone === undefined || /^\d+$/.test(zone)) return [server];
  const number = interfaceNumber(zone);
  return number === undefined ? [] : [`${address}%${number}`];
}

/**
 * Whether a container can reach a server: one that is not on the host itself or on a link of the host's, and of a
 * family that the container has.
 */
function isReachable(server: string, families: readonly (4 | 6)[]): boolean {
  const address = parseAddress(server);
  if (address === undefined || !families.includes(address.family)) return false;
  return !isLoopback(address) && !isUnspecified(address) && !isLinkLocal6(address);
}

/** fe80::/10 (RFC 4291, 2.5.6). Those of IPv4 are routed by who has a route for them, as clouds' servers are. */
function isLinkLocal6({ family, value }: Address): boolean {
  return family === 6 && value >> 118n === 0xfe80n >> 6n;
}
