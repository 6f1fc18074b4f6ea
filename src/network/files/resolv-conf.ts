import { parseAddress } from '../address/address.ts';

/** The content of a resolv.conf(5). */
export interface ResolvConf {
  servers: readonly string[];
  search: readonly string[];
  options: readonly string[];
}

/** `--dns`, `--dns-search` and `--dns-option`: each, when there is one, stands in place of the host's. */
export type DnsOptions = ResolvConf;

/** The resolver of containers on user-defined networks. */
export const EMBEDDED_RESOLVER = '127.0.0.11';

/** Comments and what is not known are left out. A server may have a zone behind it (`fe80::1%eth0`), which only the host has. */
export function parseResolvConf(text: string): ResolvConf {
  const servers: string[] = [];
  const options: string[] = [];
  let search: string[] = [];
  for (const line of text.split('\n')) {
    const [keyword = '', ...words] = line.trim().split(/\s+/);
    const first = words[0];
    if (keyword === 'nameserver' && first !== undefined && isServer(first)) servers.push(first);
    else if (keyword === 'search') search = words;
    else if (keyword === 'domain' && first !== undefined) search = [first];
    else if (keyword === 'options') options.push(...words);
  }
  return { servers, search, options };
}

function isServer(text: string): boolean {
  const [address = '', zone, ...more] = text.split('%');
  return more.length === 0 && zone !== '' && parseAddress(address) !== undefined;
}

/** The file of a container that has a resolver of its own. Names without dots are asked for as they are, too. */
export function embeddedResolvConf(host: ResolvConf, dns: DnsOptions): string {
  const merged = merge(host, dns);
  const options = merged.options.some((option) => option.startsWith('ndots:'))
    ? merged.options
    : [...merged.options, 'ndots:0'];
  return format({ ...merged, servers: [EMBEDDED_RESOLVER], options });
}

/** A file with the host's servers, or with what was asked for instead. */
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
