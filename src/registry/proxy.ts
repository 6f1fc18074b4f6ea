import { EngineError } from '../errors.ts';
import { addressOf, isInNetwork, isLoopback, portOf } from './hosts.ts';

/**
 * Finds the proxy for a request as Go programs do (golang.org/x/net/http/httpproxy): HTTPS_PROXY or HTTP_PROXY by the
 * scheme of the URL, in capitals first, unless NO_PROXY exempts the host. Undefined for a direct connection. This
 * machine is never reached through a proxy, and ALL_PROXY means nothing. Throws `unsupported` for other than HTTP
 * proxies.
 */
export function proxyFor(url: URL, environment: Readonly<NodeJS.ProcessEnv>): URL | undefined {
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const text = variable(name, environment);
  if (text === '' || isLoopback(url)) return undefined;
  const entries = variable('NO_PROXY', environment).split(',');
  if (entries.some((entry) => exempts(entry.trim().toLowerCase(), url))) return undefined;
  const proxy = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(proxy)) return undefined;
  const parsed = new URL(proxy);
  if (parsed.protocol === 'http:' || parsed.protocol === 'https:') return parsed;
  throw new EngineError(
    'unsupported',
    `${name} names a proxy for ${parsed.protocol.slice(0, -1)}, not for HTTP`,
    {
      subject: parsed.host,
      hint: 'name an HTTP proxy, or exempt the registry from it with NO_PROXY',
    },
  );
}

/** The value of each variable that names proxies, as it may be shown: without who asks and his password. */
export function shownProxies(environment: Readonly<NodeJS.ProcessEnv>): Record<ProxyVariable, string> {
  const shown = (name: ProxyVariable) =>
    variable(name, environment).replace(/^([a-z][\w+.-]*:\/\/)?.*@/i, '$1xxxxx:xxxxx@');
  return {
    HTTP_PROXY: shown('HTTP_PROXY'),
    HTTPS_PROXY: shown('HTTPS_PROXY'),
    NO_PROXY: variable('NO_PROXY', environment),
  };
}

type ProxyVariable = 'HTTP_PROXY' | 'HTTPS_PROXY' | 'NO_PROXY';

function variable(name: ProxyVariable, environment: Readonly<NodeJS.ProcessEnv>): string {
  return environment[name] || environment[name.toLowerCase()] || '';
}

/**
 * Whether one entry of NO_PROXY speaks of a host: `*`; an address or a network (`10.0.0.0/8`); a domain, which means
 * itself and its subdomains, but with a leading dot or `*.` these alone; a name or an address with a port.
 */
function exempts(entry: string, url: URL): boolean {
  if (entry === '*') return true;
  const address = addressOf(url);
  if (entry.includes('/')) return isInNetwork(address, entry);
  const [, bracketed, name = entry, port] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
  const host = bracketed ?? name;
  if (host === '' || (port !== undefined && Number(port) !== portOf(url))) return false;
  const { isIP } = process.getBuiltinModule('node:net');
  if (isIP(host) !== 0) return isInNetwork(address, `${host}/${isIP(host) === 6 ? 128 : 32}`);
  const domain = host.replace(/^\*?\./, '');
  return address.endsWith(`.${domain}`) || (domain === host && address === domain);
}
