import { EngineError } from '../../errors.ts';
import type { NamespaceOptions } from './create.ts';
import { notFor, placeOf } from './mode.ts';

const HOST_NAME = { what: 'a host name', hint: '--hostname' };
const DOMAIN_NAME = { what: 'a domain name', hint: '--domainname' };

/** The longest host name or domain name that the kernel has room for (HOST_NAME_MAX). */
const NAME_MAX = 64;

/** A host name is of no use where the one of somebody else is shared; Docker refuses it, too. */
export function checkHostNames({ hostname, domainname, network, uts = 'private' }: NamespaceOptions): void {
  if (hostname !== undefined) checkSpelling('host name', hostname);
  if (domainname !== undefined) checkSpelling('domain name', domainname);
  if ((hostname ?? domainname) === undefined) return;
  const name = hostname === undefined ? DOMAIN_NAME : HOST_NAME;
  if (uts !== 'private') throw notFor(name, { what: 'that shares its UTS namespace', hint: '--uts' });
  if (hostname !== undefined && typeof network === 'object') throw notFor(name, placeOf(network));
}

/**
 * Docker has left the rules of RFC 1123 to the programs inside since 1.13, as underscores are common; what goes into
 * /etc/hosts must still be one word, and fit.
 */
function checkSpelling(what: string, text: string): void {
  if (text.length <= NAME_MAX && /^\w(?:[\w.-]*\w)?$/.test(text)) return;
  throw new EngineError('invalid', `invalid ${what}: "${text}"`, {
    subject: text,
    hint: `at most ${NAME_MAX} letters, digits, -, _ and dots, but neither - nor a dot at its ends`,
  });
}
