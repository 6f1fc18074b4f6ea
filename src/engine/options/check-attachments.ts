import { EngineError } from '../../errors.ts';
import { checkInterfaceName } from '../../network/interface-name.ts';
import { checkNameService } from './check-name-service.ts';
import type { NetworkAttachment } from './create.ts';
import { DEFAULT_NETWORK, ENDPOINT_OPTIONS, interfaceNameOf, isAsked } from './network.ts';

/**
 * Throws `invalid` for an alias, a link or a MAC address that cannot be, and for what the default network does not have,
 * `unsupported` for an option that no driver has. `network` of the attachment is the network's name.
 */
export function checkAttachment(attachment: NetworkAttachment): void {
  const { network, aliases, links, ip, ip6, mac, driverOptions } = attachment;
  for (const alias of aliases ?? []) checkAlias(alias);
  checkNameService({ links });
  if (mac !== undefined) checkMac(mac);
  for (const name of Object.keys(driverOptions ?? {})) checkDriverOption(name);
  if (network !== DEFAULT_NETWORK) return;
  const what = isAsked(aliases) ? 'aliases' : isAsked(ip ?? ip6) ? 'chosen addresses' : undefined;
  if (what === undefined) return;
  throw new EngineError('invalid', `${what} are only supported for user-defined networks`, {
    subject: network,
    hint: 'make one, and name that',
    remedy: 'make one with skiff network create, and name it with --network',
  });
}

function checkDriverOption(name: string): void {
  if (ENDPOINT_OPTIONS.includes(name)) return;
  throw new EngineError('unsupported', `there is no driver option ${name} for a container on a network`, {
    subject: name,
    hint: `there are ${ENDPOINT_OPTIONS.join(' and ')}`,
  });
}

/** An alias is a name that a resolver can be asked for. */
function checkAlias(alias: string): void {
  if (/^[\w.-]{1,253}$/.test(alias)) return;
  throw new EngineError('invalid', `invalid network alias: "${alias}"`, {
    subject: alias,
    hint: 'use letters, digits, -, _ and dots',
  });
}

/** An interface cannot have an address that stands for a group (the lowest bit of the first byte) or for nobody. */
function checkMac(mac: string): void {
  if (/^[\da-f][02468ace](?::[\da-f]{2}){5}$/.test(mac) && mac !== '00:00:00:00:00:00') return;
  throw new EngineError('invalid', `invalid MAC address: "${mac}"`, {
    subject: mac,
    hint: 'write one of a single interface, as in 92:d0:c6:0a:29:33',
  });
}

/** Throws `invalid` for a network that is named twice, and for names of interfaces that cannot be, or not together. */
export function checkDistinct(attachments: readonly NetworkAttachment[]): void {
  const networks = new Set<string>();
  const interfaces = new Set<string>();
  for (const attachment of attachments) {
    const { network } = attachment;
    if (networks.has(network)) {
      throw new EngineError('invalid', `network ${network} is named twice`, {
        subject: network,
        hint: 'name each network once, with several alias= fields for several names',
      });
    }
    networks.add(network);
    const name = interfaceNameOf(attachment);
    if (name === undefined) continue;
    checkInterfaceName(name);
    if (interfaces.has(name)) {
      throw new EngineError('invalid', `two interfaces cannot both be ${name}`, {
        subject: name,
        hint: 'choose another name for one of them',
      });
    }
    interfaces.add(name);
  }
}
