import type {
  CreateOptions,
  NamespaceOptions,
  NetworkAttachment,
  NetworkOptions,
} from '../../engine/options/create.ts';
import { EngineError } from '../../errors.ts';
import { address, macAddress } from '../parse/addresses.ts';
import { parseExtraHost, parseLink, resolverOption, searchDomain } from '../parse/names-and-servers.ts';
import { type NetworkWish, namespaceOf, networkAlias, parseNetwork } from '../parse/network.ts';
import { parseExpose, parsePublish } from '../parse/ports.ts';
import type { NetworkFlags, NetworkWishes } from './network-flags.ts';

const DEFAULT = { attachment: { network: 'bridge' } } satisfies NetworkWish;

/**
 * What the options about networks ask for together. Throws `invalid` for what contradicts, with Docker's rules but for
 * one: the default network and others can be joined at once.
 */
export function networkWishes(flags: NetworkFlags): NetworkWishes {
  const wishes = (flags.network ?? []).flatMap((text) => parseNetwork(text) ?? []);
  const [first, ...more]: [NetworkWish, ...NetworkWish[]] = [wishes[0] ?? DEFAULT, ...wishes.slice(1)];
  const namespace = namespaceOf(first);
  refuseMixture([first, ...more]);
  const network = settings(flags);
  if (namespace === 'networks') {
    const attachments = [first, ...more].flatMap((wish) => ('attachment' in wish ? wish.attachment : []));
    return { namespace, network: { attachments: withOwn(attachments, flags), ...network }, warnings: [] };
  }
  refuseEndpointFlags(flags, namespace);
  if (typeof namespace === 'object') refuseOfAnother(flags);
  const { publish, publishAll, ...kept } = network;
  const discarded = publish !== undefined || publishAll === true;
  return {
    namespace,
    ...(Object.keys(kept).length === 0 ? {} : { network: { attachments: [], ...kept } }),
    warnings: discarded ? [DISCARDED[namespace === 'host' ? 'host' : 'none']] : [],
  };
}

const DISCARDED = {
  host: "published ports are discarded: on the host's network the container's ports are the host's",
  none: 'published ports are discarded: the container has no network',
};

/** What does not belong to one of the networks; only what was given. */
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
    ...(dns && { servers: dns.map(address('name server')) }),
    ...(dnsOption && { options: dnsOption.map(resolverOption) }),
    ...(dnsSearch && { search: dnsSearch.map(searchDomain) }),
  };
}

/** The options beside `--network` are about the first one. */
function withOwn([first, ...more]: NetworkAttachment[], flags: NetworkFlags): NetworkAttachment[] {
  if (first === undefined) return [];
  const given: Partial<NetworkAttachment> = {
    ...(flags.networkAlias && { aliases: flags.networkAlias.map(networkAlias) }),
    ...(flags.ip && { ip: address('IPv4 address', 4)(flags.ip) }),
    ...(flags.ip6 && { ip6: address('IPv6 address', 6)(flags.ip6) }),
    ...(flags.macAddress && { mac: macAddress(flags.macAddress) }),
  };
  for (const key of Object.keys(given) as (keyof typeof OPTION_OF)[]) {
    if (first[key] === undefined) continue;
    throw contradiction(
      `${OPTION_OF[key]} and the ${key} of --network contradict each other`,
      OPTION_OF[key],
    );
  }
  const attachments = [{ ...first, ...given }, ...more];
  for (const attachment of attachments) refuseOnDefault(attachment);
  return attachments;
}

const OPTION_OF = {
  aliases: '--network-alias',
  ip: '--ip',
  ip6: '--ip6',
  mac: '--mac-address',
} as const;

/** Its addresses are nobody's to choose, and it knows no names. */
function refuseOnDefault({ network, aliases, ip, ip6 }: NetworkAttachment): void {
  if (network !== DEFAULT.attachment.network) return;
  const what = aliases !== undefined ? 'aliases' : (ip ?? ip6) !== undefined ? 'chosen addresses' : undefined;
  if (what === undefined) return;
  throw new EngineError('invalid', `${what} are only supported for user-defined networks`, {
    subject: network,
    hint: 'make one with skiff network create, and name it with --network',
  });
}

function refuseMixture(wishes: readonly NetworkWish[]): void {
  const names = wishes.map((wish) => ('attachment' in wish ? wish.attachment.network : undefined));
  if (wishes.length > 1 && names.includes(undefined)) {
    throw contradiction('none, host and container:NAME cannot be used together with a network', '--network');
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new EngineError('invalid', `network ${twice} is given twice`, {
    subject: twice,
    hint: 'give --network once for each network, with several alias= fields for several names',
  });
}

/** What belongs to an interface, where there is none of its own. */
function refuseEndpointFlags(flags: NetworkFlags, namespace: NamespaceOptions['network']): void {
  const mode = typeof namespace === 'object' ? `container:${namespace.container}` : namespace;
  const options = { ...OPTION_OF, link: '--link' } as const;
  const given = { ...flags, aliases: flags.networkAlias, mac: flags.macAddress };
  for (const key of Object.keys(options) as (keyof typeof options)[]) {
    if (!given[key]) continue;
    throw contradiction(`${options[key]} cannot be used with --network ${mode}`, options[key]);
  }
}

/** What belongs to the network of whoever lends it. */
function refuseOfAnother(flags: NetworkFlags): void {
  const options = {
    publish: '--publish',
    publishAll: '--publish-all',
    expose: '--expose',
    dns: '--dns',
    dnsOption: '--dns-option',
    dnsSearch: '--dns-search',
    addHost: '--add-host',
  } as const;
  for (const key of Object.keys(options) as (keyof typeof options)[]) {
    if (flags[key] === undefined) continue;
    throw new EngineError(
      'invalid',
      `${options[key]} cannot be given to a container that shares the network of another`,
      { subject: options[key], hint: 'give it to the other container' },
    );
  }
}

function contradiction(message: string, subject: string): EngineError {
  return new EngineError('invalid', message, { subject, hint: 'leave one of them out' });
}
