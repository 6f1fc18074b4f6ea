import { type Command, Option } from 'commander';
import type { NetworkAttachment } from '../../../engine/options/create.ts';
import { address, macAddress } from '../../../grammar/addresses.ts';
import { parseLink } from '../../../grammar/names-and-servers.ts';
import { parseDriverOption, refuseLinkLocal } from '../../../grammar/network.ts';
import { integer, listOf } from '../../../grammar/words.ts';
import type { Session } from '../../command/session.ts';
import { remarkOnHosts } from '../../output/network-change.ts';

interface Flags {
  alias?: string[];
  driverOpt?: Record<string, string>;
  gwPriority?: number;
  ip?: string;
  ip6?: string;
  link?: { container: string; alias: string }[];
  macAddress?: string;
}

const EXAMPLES = `
Examples:
  skiff network connect front web                     at once if it runs, and at every start
  skiff network connect --alias db --ip 172.30.5.9 back postgres`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<network>', 'a name or an id')
    .argument('<container>', 'a name or an id')
    .option(
      '--alias <name>',
      'one more name of the container there (repeatable)',
      listOf((text) => text),
    )
    .option('--ip <address>', 'its IPv4 address there', address('IPv4 address', 4))
    .option('--ip6 <address>', 'its IPv6 address there', address('IPv6 address', 6))
    .option('--mac-address <address>', 'as in 92:d0:c6:0a:29:33', macAddress)
    .option(
      '--link <container[:alias]>',
      'another container there by a name that only this one knows (repeatable)',
      listOf(parseLink),
    )
    .option(
      '--driver-opt <key=value>',
      'an option of the driver, for this container (repeatable)',
      (text: string, previous: Record<string, string> = {}) => ({ ...previous, ...parseDriverOption(text) }),
    )
    .option('--gw-priority <number>', 'the network with the highest one leads out; 0 when absent', integer)
    .addOption(new Option('--link-local-ip <address>').argParser(refuseLinkLocal).hideHelp())
    .addHelpText('after', EXAMPLES)
    .action((network: string, container: string, flags: Flags) =>
      connect(session(), { network, container, flags }),
    );
}

async function connect(
  session: Session,
  { network, container, flags }: { network: string; container: string; flags: Flags },
): Promise<void> {
  const attachment: NetworkAttachment = {
    network,
    aliases: flags.alias,
    links: flags.link,
    ip: flags.ip,
    ip6: flags.ip6,
    mac: flags.macAddress,
    driverOptions: flags.driverOpt,
    gatewayPriority: flags.gwPriority,
  };
  const { networks } = await session.engine();
  remarkOnHosts(await networks.connect(attachment, container));
}
