import { isLoopback } from './hosts.ts';

/**
 * The proxy for a request, from HTTPS_PROXY, HTTP_PROXY and NO_PROXY (either case), or undefined for a direct
 * connection. As in Go's net/http, this machine is never reached through a proxy. NO_PROXY is a list of `*`, hosts,
 * `host:port`, and domains, with or without a leading dot or `*.`, which include their subdomains.
 */
export function proxyFor(
  url: URL,
  environment: Readonly<Record<string, string | undefined>>,
): URL | undefined {
  const variable = (name: string): string => environment[name.toLowerCase()] || environment[name] || '';
  const proxy = variable(url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  if (proxy === '' || isLoopback(url)) return undefined;
  if (
    variable('NO_PROXY')
      .split(/[\s,]+/)
      .some((entry) => exempts(entry.toLowerCase(), url))
  )
    return undefined;
  const text = proxy.includes('://') ? proxy : `http://${proxy}`;
  return URL.canParse(text) ? new URL(text) : undefined;
}

function exempts(entry: string, url: URL): boolean {
  if (entry === '') return false;
  if (entry === '*' || entry === url.host || entry === url.hostname) return true;
  const domain = entry.replace(/^\*?\./, '');
  return url.hostname === domain || url.hostname.endsWith(`.${domain}`);
}
