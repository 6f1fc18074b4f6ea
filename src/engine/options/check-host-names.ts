import type { NamespaceOptions } from './create.ts';
import { notFor, placeOf } from './mode.ts';

const HOST_NAME = { what: 'a host name', hint: '--hostname' };
const DOMAIN_NAME = { what: 'a domain name', hint: '--domainname' };

/** A host name is of no use where the one of somebody else is shared; Docker refuses it, too. */
export function checkHostNames({ hostname, domainname, network, uts = 'private' }: NamespaceOptions): void {
  if ((hostname ?? domainname) === undefined) return;
  const name = hostname === undefined ? DOMAIN_NAME : HOST_NAME;
  if (uts !== 'private') throw notFor(name, { what: 'that shares its UTS namespace', hint: '--uts' });
  if (hostname !== undefined && typeof network === 'object') throw notFor(name, placeOf(network));
}
