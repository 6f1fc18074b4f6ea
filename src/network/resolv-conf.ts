import { isLoopback, parseAddress } from './address.ts';

/** What a resolv.conf(5) says. */
export interface ResolvConf {
  servers: readonly string[];
  search: readonly string[];
  options: readonly string[];
}

/** `--dns`, `--dns-search` and `--dns-option`: each, when there is one, stands in place of the host's. */
export type DnsOptions = ResolvConf;

/** The resolver of containers on user-defined networks. */
export const EMBEDDED_RESOLVER = '127.0.0.11';

/** Comments and what is not known are left out, and servers behind a zone, which only the host has. */
export function parseResolvConf(text: string): ResolvConf {
  const servers: string[] = [];
  const options: string[] = [];
  let search: string[] = [];
  for (const line of text.split('\n')) {
    const [keyword = '', ...words] = line.trim().split(/\s+/);
    const first = words[0];
    if (keyword === 'nameserver' && first !== undefined && parseAddress(first)) servers.push(first);
    else if (keyword === 'search') search = words;
    else if (keyword === 'domain' && first !== undefined) search = [first];
    else if (keyword === 'options') options.push(...words);
  }
  return { servers, search, options };
}

/**
 * Whether systemd-resolved answers for this host and nobody else: then its own list of servers, the text of
 * /run/systemd/resolve/resolv.conf, is the host's for a container that has to ask them by itself.
 */
export function asksSystemdResolved(host: ResolvConf): boolean {
  return host.servers.length > 0 && host.servers.every((server) => server === '127.0.0.53');
}

/**
 * The file of a container on the default bridge: the host's servers that can be reached from there (`ipv6`: whether it
 * has IPv6). Undefined when the host has only others: then the embedded resolver has to ask them for it
 * (`embeddedResolvConf`).
 */
export function bridgeResolvConf(
  host: ResolvConf,
  { dns, ipv6 }: { dns: DnsOptions; ipv6: boolean },
): string | undefined {
  if (dns.servers.length > 0) return format(merge(host, dns));
  const servers = host.servers.filter((server) => isReachable(server, ipv6));
  if (servers.length === 0 && host.servers.length > 0) return undefined;
  return format(merge({ ...host, servers }, dns));
}

/** The file of a container that has a resolver of its own. Names without dots are asked for as they are, too. */
export function embeddedResolvConf(host: ResolvConf, dns: DnsOptions): string {
  const merged = merge(host, dns);
  const options = merged.options.some((option) => option.startsWith('ndots:'))
    ? merged.options
    : [...merged.options, 'ndots:0'];
  return format({ ...merged, servers: [EMBEDDED_RESOLVER], options });
}

/** The file of a container on the host's network: the host's, or what was asked for. */
export function hostResolvConf(host: ResolvConf, dns: DnsOptions): string {
  return format(merge(host, dns));
}

function merge(host: ResolvConf, dns: DnsOptions): ResolvConf {
  const search = dns.search.length > 0 ? dns.search : host.search;
  return {
    servers: dns.servers.length > 0 ? dns.servers : host.servers,
    // A single dot: no search list at all, as Docker reads it.
    search: search.length === 1 && search[0] === '.' ? [] : search,
    options: dns.options.length > 0 ? dns.options : host.options,
  };
}

function format({ servers, search, options }: ResolvConf): string {
  const lines = servers.map((server) => `nameserver ${server}\n`);
  if (search.length > 0) lines.push(`search ${search.join(' ')}\n`);
  if (options.length > 0) lines.push(`options ${options.join(' ')}\n`);
  return lines.join('');
}

/** From a container: not a server on the host itself, and IPv6 only for who has it. */
function isReachable(server: string, ipv6: boolean): boolean {
  const address = parseAddress(server);
  return address !== undefined && !isLoopback(address) && (ipv6 || address.family === 4);
}
