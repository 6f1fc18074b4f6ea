import type { CreateOptions, NetworkAttachment, NetworkOptions } from '../../engine/options/create.ts';
import { DEFAULT_NETWORK } from '../../engine/options/network.ts';
import { EngineError } from '../../errors.ts';
import { address, macAddress } from '../../grammar/addresses.ts';
import { parseExtraHost, parseLink } from '../../grammar/names-and-servers.ts';
import { parseNetwork } from '../../grammar/network.ts';
import { parseExpose, parsePublish } from '../../grammar/ports.ts';
import type { NetworkFlags, RequestedNetworking } from './network-flags.ts';

/**
 * Reads all flags about networks together. Throws `invalid` for a value that is not valid, and for two values where
 * there can be one; whether all of it goes together is the engine's to say.
 */
export function requestedNetworking(flags: NetworkFlags): RequestedNetworking {
  const requests = (flags.network ?? []).flatMap((text) => parseNetwork(text) ?? []);
  const [mode, another] = requests.flatMap((request) => ('mode' in request ? request.mode : []));
  if (another !== undefined)
    throw contradiction('none, host and container:NAME exclude each other', '--network');
  const named = requests.flatMap((request) => ('attachment' in request ? request.attachment : []));
  const others = settings(flags);
  if (mode === undefined) {
    const attachments = named.length > 0 ? named : [{ network: DEFAULT_NETWORK }];
    return { namespace: 'networks', network: { attachments: withOwn(attachments, flags), ...others } };
  }
  // There is no interface that these could be of, so they go with the mode.
  const own = ownSettings(flags);
  const word = typeof mode === 'string' ? mode : `container:${mode.container}`;
  const attachments = Object.keys(own).length === 0 ? named : [{ network: word, ...own }, ...named];
  const isNothing = attachments.length === 0 && Object.keys(others).length === 0;
  return { namespace: mode, ...(isNothing ? {} : { network: { attachments, ...others } }) };
}

/** Reads the flags that do not belong to one of the networks; only those that were given. */
function settings(flags: NetworkFlags): Omit<NetworkOptions, 'attachments'> {
  const { publish, publishAll, expose, addHost, link } = flags;
  const dns = dnsOf(flags);
  return {
    ...(publish && { publish: publish.flatMap(parsePublish) }),
    ...(publishAll === true && { publishAll }),
    ...(expose && { expose: expose.flatMap(parseExpose) }),
    ...(dns && { dns }),
    ...(addHost && { extraHosts: addHost.flatMap(parseExtraHost) }),
    ...(link && { links: link.map(parseLink) }),
  };
}

function dnsOf({ dns, dnsOption, dnsSearch }: NetworkFlags): NonNullable<CreateOptions['network']>['dns'] {
  if ((dns ?? dnsOption ?? dnsSearch) === undefined) return undefined;
  return {
    ...(dns && { servers: dns }),
    ...(dnsOption && { options: dnsOption }),
    ...(dnsSearch && { search: dnsSearch }),
  };
}

type OwnSettings = Pick<NetworkAttachment, keyof typeof OPTION_OF>;

const OPTION_OF = {
  aliases: '--network-alias',
  ip: '--ip',
  ip6: '--ip6',
  mac: '--mac-address',
} as const;

/** Reads the flags beside `--network` that belong to one network; only those that were given. */
function ownSettings(flags: NetworkFlags): OwnSettings {
  return {
    ...(flags.networkAlias && { aliases: flags.networkAlias }),
    ...(flags.ip && { ip: address('IPv4 address', 4)(flags.ip) }),
    ...(flags.ip6 && { ip6: address('IPv6 address', 6)(flags.ip6) }),
    ...(flags.macAddress && { mac: macAddress(flags.macAddress) }),
  };
}

/** The options beside `--network` are about the first one. */
function withOwn([first, ...more]: NetworkAttachment[], flags: NetworkFlags): NetworkAttachment[] {
  if (first === undefined) return [];
  const given = ownSettings(flags);
  for (const key of Object.keys(given) as (keyof OwnSettings)[]) {
    if (first[key] === undefined) continue;
    throw contradiction(
      `${OPTION_OF[key]} and the ${key} of --network contradict each other`,
      OPTION_OF[key],
    );
  }
  return [{ ...first, ...given }, ...more];
}

function contradiction(message: string, subject: string): EngineError {
  return new EngineError('invalid', message, { subject, hint: 'leave one of them out' });
}
