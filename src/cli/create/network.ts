import type { Command } from 'commander';
import { DEFAULT_NETWORK } from '../../engine/options/network.ts';
import { listOf } from '../../grammar/words.ts';
import { usualNetwork } from '../command/settings.ts';
import type { NetworkFlags, RequestedNetworking } from './network-flags.ts';

/** Networks, names and ports of a new container. */
export function addNetworkOptions(command: Command): void {
  const texts = listOf((text) => text);
  command
    .optionsGroup('Network:')
    .option(
      '--net, --network <network>',
      'bridge (the default), NAME, NAME:alias=…,ip=…, name=NAME,alias=…,ip=…, none, host or container:NAME (repeatable)',
      texts,
    )
    .option('--net-alias, --network-alias <name>', 'one more name on its network (repeatable)', texts)
    .option('--ip <address>', 'its IPv4 address, of a subnet that somebody has chosen')
    .option('--ip6 <address>', 'its IPv6 address')
    .option('--mac-address <address>', 'as in 92:d0:c6:0a:29:33')
    .option(
      '-p, --publish <port>',
      'lead a port of the host to it: PORT, HOST-PORT:PORT, ADDRESS:HOST-PORT:PORT, with /udp or /sctp; ranges, too (repeatable)',
      texts,
    )
    .option('-P, --publish-all', 'publish all ports that it exposes, each on a free one of the host')
    .option('--expose <port>', 'a port that it listens on, as in 80, 53/udp or 8000-8010 (repeatable)', texts)
    .option('--dns <address>', 'a server that it asks for names (repeatable)', texts)
    .option('--dns-search <domain>', 'where it looks for short names; . for nowhere (repeatable)', texts)
    .option('--dns-opt, --dns-option <option>', 'of resolv.conf(5), as in ndots:2 (repeatable)', texts)
    .option(
      '--add-host <name:address>',
      'a line of its /etc/hosts; host-gateway is the address of the host (repeatable)',
      texts,
    )
    .option(
      '--link <container[:alias]>',
      'another container by a name that only this one knows (repeatable)',
      texts,
    );
}

/** The names of options other than `network`. */
const OTHERS = [
  'addHost',
  'dns',
  'dnsOption',
  'dnsSearch',
  'expose',
  'ip',
  'ip6',
  'link',
  'macAddress',
  'networkAlias',
  'publish',
  'publishAll',
] as const satisfies readonly (keyof NetworkFlags)[];

/** Reads the flags; what that takes is loaded for those who say more than one plain word. Throws as `requestedNetworking`. */
export async function networkOptions(flags: NetworkFlags): Promise<RequestedNetworking> {
  // Empty is as good as absent.
  const network = flags.network ?? [usualNetwork() ?? DEFAULT_NETWORK];
  if (OTHERS.every((name) => flags[name] === undefined)) {
    const plain = plainNetworking(network);
    if (plain !== undefined) return plain;
  }
  const { requestedNetworking } = await import('./requested-networking.ts');
  return requestedNetworking({ ...flags, network });
}

function plainNetworking([word, ...more]: readonly string[]): RequestedNetworking | undefined {
  if (more.length > 0) return undefined;
  if (word === DEFAULT_NETWORK)
    return { namespace: 'networks', network: { attachments: [{ network: word }] } };
  return word === 'none' || word === 'host' ? { namespace: word } : undefined;
}
