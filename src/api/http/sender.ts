import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { EngineError } from '../../errors.ts';

/** By what a request has come: a Unix socket, TCP of this host itself, or TCP to clients with a certificate. */
export type Reach = 'unix' | 'loopback' | 'tls';

/** What a name may be made of that Host says (RFC 9110, section 7.2), a port included. */
const HOST = /^[\w.~!$&'()*+,;=%:[\]-]*$/;

/** How a browser calls a request that another site's page has made (Fetch Metadata, section 2.4). */
const FOREIGN = ['cross-site', 'same-site'];

/**
 * Refuses requests without one proper Host (`invalid`; RFC 9112, section 3.2), and on TCP what the page of another site has
 * made a browser send (`denied`): a page reaches what its browser reaches, and what it sends is done, also if it never sees
 * the answer. Browsers say Origin with all that may change something, and Sec-Fetch-Site with the rest; a page whose own name
 * was led here (DNS rebinding) still gives that name as Host. No browser speaks to a Unix socket.
 */
export function checkSender(
  request: Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'httpVersion'>,
  reach: Reach,
): void {
  const { headers } = request;
  const host = hostOf(request);
  if (reach === 'unix') return;
  const { origin } = headers;
  const isForeign =
    origin !== undefined && origin.replace(/^\w+:\/\//, '').toLowerCase() !== host?.toLowerCase();
  const site = headers['sec-fetch-site'];
  if (isForeign || (typeof site === 'string' && FOREIGN.includes(site)))
    throw new EngineError('denied', `a page of ${origin ?? 'another site'} has no access`);
  if (reach === 'loopback' && host !== undefined && !isOfThisHost(host)) {
    throw new EngineError('denied', `the service is not reached by the name ${host}`, {
      subject: host,
      hint: 'without TLS call it localhost or by its address: a name may be led here by anybody',
    });
  }
}

/** Undefined: a request of HTTP/1.0, which need not have it. */
function hostOf({ headers, rawHeaders, httpVersion }: Parameters<typeof checkSender>[0]): string | undefined {
  const { host } = headers;
  const count = rawHeaders.filter((each, index) => index % 2 === 0 && each.toLowerCase() === 'host').length;
  if (count > 1) throw new EngineError('invalid', 'the request has more than one header Host');
  if (host === undefined && httpVersion === '1.1')
    throw new EngineError('invalid', 'the request has no header Host');
  if (host !== undefined && !HOST.test(host))
    throw new EngineError('invalid', 'the header Host names no host');
  return host;
}

/** Names below localhost lead to loopback everywhere (RFC 6761, section 6.3), and an address to nobody else. */
function isOfThisHost(host: string): boolean {
  const [, name = ''] = /^\[?(.*?)\]?(?::\d*)?$/.exec(host) ?? [];
  return isIP(name) !== 0 || /^(?:.*\.)?localhost\.?$/i.test(name);
}
