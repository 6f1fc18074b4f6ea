import { EngineError } from '../../errors.ts';
import { checkAttachment, checkDistinct } from './check-attachments.ts';
import { checkNameService } from './check-name-service.ts';
import type { CreateOptions, NetworkAttachment, NetworkOptions } from './create.ts';
import { type Mode, notFor, placeOf, type Thing, wordOf } from './mode.ts';
import { isAsked } from './network.ts';

/**
 * Refuses what cannot be asked of networks, or without any. Returns the warning of what is left out. Throws `invalid`.
 */
export function checkNetwork(
  mode: CreateOptions['namespaces']['network'],
  network: NetworkOptions,
): string[] {
  const warnings = mode === 'networks' ? checkNetworks(network) : checkWithoutNetworks(mode, network);
  checkNameService(network);
  return warnings;
}

function checkNetworks({ attachments }: NetworkOptions): string[] {
  for (const attachment of attachments) checkAttachment(attachment);
  checkDistinct(attachments);
  return [];
}

/**
 * Refuses options that belong to an interface, or to the network namespace's owner. Returns the warning of what is left
 * out.
 */
function checkWithoutNetworks(mode: Mode, network: NetworkOptions): string[] {
  const { attachments, links, publish, publishAll, expose, dns = {}, extraHosts } = network;
  for (const attachment of attachments) refuseAttachment(mode, attachment);
  refuseAsked(mode, { links });
  if (typeof mode === 'object') {
    refuseAsked(mode, { publish, publishAll, expose, ...dns, extraHosts });
    return [];
  }
  return isAsked(publish) || isAsked(publishAll) ? [DISCARDED[mode]] : [];
}

const DISCARDED = {
  host: "published ports are discarded: on the host's network the container's ports are the host's",
  none: 'published ports are discarded: the container has no network',
};

/** Docker's clients send the settings of an interface with the mode in the place of a network's name. */
function refuseAttachment(mode: Mode, attachment: NetworkAttachment): void {
  if (attachment.network !== wordOf(mode)) {
    throw new EngineError(
      'invalid',
      'none, host and the network of another container cannot be used together with a network',
      {
        subject: attachment.network,
        hint: 'leave one of them out: --network names either networks, or one of those',
      },
    );
  }
  const { network: _mode, ...settings } = attachment;
  refuseAsked(mode, settings);
}

/** The things that can be asked for, by the members of `NetworkAttachment` and `NetworkOptions`. */
const THINGS = {
  ip: { what: 'an IPv4 address', hint: '--ip' },
  ip6: { what: 'an IPv6 address', hint: '--ip6' },
  mac: { what: 'a MAC address', hint: '--mac-address' },
  aliases: { what: 'an alias', hint: '--network-alias' },
  interfaceName: { what: 'the name of an interface', hint: 'interface_name=' },
  driverOptions: { what: 'an option of a network driver', hint: 'driver-opt=' },
  gatewayPriority: { what: 'a priority of gateways', hint: 'gw-priority=' },
  links: { what: 'a link', hint: '--link' },
  publish: { what: 'a published port', hint: '--publish' },
  publishAll: { what: 'published ports', hint: '--publish-all' },
  expose: { what: 'an exposed port', hint: '--expose' },
  servers: { what: 'a name server', hint: '--dns' },
  options: { what: 'an option of the resolver', hint: '--dns-option' },
  search: { what: 'a search domain', hint: '--dns-search' },
  extraHosts: { what: 'a line of /etc/hosts', hint: '--add-host' },
} as const satisfies Record<string, Thing>;

function refuseAsked(mode: Mode, values: Partial<Record<keyof typeof THINGS, unknown>>): void {
  for (const [name, thing] of Object.entries(THINGS))
    if (isAsked(values[name as keyof typeof THINGS])) throw notFor(thing, placeOf(mode));
}
