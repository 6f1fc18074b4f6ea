import { EngineError } from '../../errors.ts';
import { parseAddress } from '../../network/address/address.ts';
import type { NetworkOptions } from './create.ts';

/** Matches a name of a host; as part of a file in the container it must stay one word of one line. */
const HOST = /^[^\s:;=#]+$/;

/**
 * Refuses names, servers and words of resolv.conf(5) and hosts(5) that a container's files cannot have. Throws `invalid`.
 */
export function checkNameService({ dns = {}, extraHosts = [], links = [] }: Partial<NetworkOptions>): void {
  for (const server of dns.servers ?? []) checkServer(server);
  for (const option of dns.options ?? []) checkOption(option);
  for (const domain of dns.search ?? []) checkSearchDomain(domain);
  for (const host of extraHosts) checkExtraHost(host);
  for (const { alias } of links) checkLinkAlias(alias);
}

function checkServer(server: string): void {
  if (parseAddress(server) !== undefined) return;
  throw new EngineError('invalid', `invalid name server: "${server}"`, {
    subject: server,
    hint: 'write an IPv4 or IPv6 address, as in 172.30.100.104',
  });
}

function checkOption(option: string): void {
  if (/^[\w:.-]+$/.test(option)) return;
  throw new EngineError('invalid', `invalid option of the resolver: "${option}"`, {
    subject: option,
    hint: 'write one of resolv.conf(5), as in ndots:2',
  });
}

/** A dot stands for none. */
function checkSearchDomain(domain: string): void {
  if (domain === '.' || (domain.length <= 255 && /^\w(?:[\w.-]*\w)?\.?$/.test(domain))) return;
  throw new EngineError('invalid', `invalid search domain: "${domain}"`, {
    subject: domain,
    hint: 'write a domain, as in example.org, or a dot for none',
  });
}

function checkExtraHost({ name, address }: { name: string; address: string }): void {
  const isAddress = address === 'host-gateway' || parseAddress(address) !== undefined;
  if (isAddress && HOST.test(name)) return;
  const [what, text] = isAddress ? ['name', name] : ['address', address];
  throw new EngineError('invalid', `invalid ${what} in a line of /etc/hosts: "${text}"`, {
    subject: text,
    hint: 'give a name and its address, as in db:10.0.0.5, db:[fd00::5] or me:host-gateway',
  });
}

function checkLinkAlias(alias: string): void {
  if (HOST.test(alias)) return;
  throw new EngineError('invalid', `invalid alias of a link: "${alias}"`, {
    subject: alias,
    hint: 'use a name of one word, without : ; = and #',
  });
}
