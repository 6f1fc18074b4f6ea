import { type Command, Option } from 'commander';
import type { CreateNetworkOptions } from '../../../engine/options/network.ts';
import { EngineError } from '../../../errors.ts';
import { collectLabel, collectPair, type Labels } from '../../../grammar/labels.ts';
import {
  collectAuxiliary,
  collectCommas,
  type SubnetFlags,
  subnetOptions,
} from '../../../grammar/subnets.ts';
import { booleanWord } from '../../../grammar/words.ts';
import type { Session } from '../../command/session.ts';
import { booleanSwitch } from '../../options/boolean-switch.ts';
import { acceptSwitchValues } from '../../options/switches.ts';
import { print } from '../../output/print.ts';

interface Flags extends SubnetFlags {
  driver?: string;
  internal?: boolean;
  attachable?: boolean;
  ipv4?: boolean;
  ipv6?: boolean;
  label?: Labels;
  opt?: Labels;
}

const EXAMPLES = `
Examples:
  skiff network create front
  skiff network create --subnet 172.30.0.0/16 --gateway 172.30.0.1 --ip-range 172.30.5.0/24 back
  skiff network create --ipv6 --subnet fd00:30::/64 six       IPv4 as well, of a free subnet
  skiff network create --internal vault                       no way out of it
  skiff network create -o com.docker.network.driver.mtu=1400 tunnel
  skiff network create -d macvlan -o parent=eth0 --subnet 192.168.1.0/24 lan`;

export function define(command: Command, session: () => Session): void {
  acceptSwitchValues(command, { interspersed: true });
  command
    .argument('<network>', 'its name')
    .option('-d, --driver <driver>', 'bridge (the default) or macvlan')
    .option('--subnet <subnet>', 'as in 172.30.0.0/16; a free one when absent (repeatable)', collectCommas)
    .option('--gateway <address>', "the host's own address on it (repeatable)", collectCommas)
    .option(
      '--ip-range <subnet>',
      'the part of a subnet from which containers get addresses (repeatable)',
      collectCommas,
    )
    .option(
      '--aux-address <name=address>',
      'an address that is not for containers (repeatable)',
      collectAuxiliary,
    )
    .option('--internal', 'containers reach each other and the host, nothing else')
    .option('--ipv4 [boolean]', 'IPv4 addresses; true when absent', booleanSwitch('--ipv4'))
    .option('--ipv6', 'IPv6 addresses, too')
    .option('--label <key[=value]>', 'a label, for filters and templates (repeatable)', collectLabel)
    .option('-o, --opt <key=value>', 'an option of the driver (repeatable)', collectPair('option'));
  command.addOption(new Option('--attachable [boolean]').argParser(booleanSwitch('--attachable')).hideHelp());
  for (const [flags, reason] of REFUSED) command.addOption(refused(flags, reason));
  command
    .addOption(new Option('--ipam-driver <driver>').argParser(ipamDriver).hideHelp())
    .addOption(new Option('--scope <scope>').argParser(scope).hideHelp())
    .addHelpText('after', EXAMPLES)
    .action((name: string, flags: Flags) => create(session(), name, flags));
}

async function create(session: Session, name: string, flags: Flags): Promise<void> {
  const { driver: driverName, internal, attachable, ipv4, ipv6, label, opt } = flags;
  const subnets = subnetOptions(flags);
  const options: CreateNetworkOptions = {
    name,
    driver: driverName,
    subnets: subnets.length === 0 ? undefined : subnets,
    internal,
    attachable,
    ipv4,
    ipv6,
    labels: label,
    options: opt,
  };
  const { networks } = await session.engine();
  print(`${await networks.create(options)}\n`);
}

const NO_SWARM = 'there is no swarm: a network belongs to this host';

/** The options that only Docker and Podman have, and why they are not here. */
const REFUSED = [
  ['--ingress', NO_SWARM],
  ['--config-only', NO_SWARM],
  ['--config-from <network>', NO_SWARM],
  ['--ipam-opt <key=value>', 'addresses are handed out in one way only, which has no options'],
  ['--disable-dns', 'containers of a network always find each other by name'],
] as const;

/** Makes an option that is refused. With `=false` a switch is as if it were not given. */
function refused(flags: string, reason: string): Option {
  const refuse = () => {
    const [name = ''] = flags.split(' ');
    throw new EngineError('unsupported', `${name} is not supported`, {
      subject: name,
      hint: `leave it out: ${reason}`,
    });
  };
  return new Option(flags.includes('<') ? flags : `${flags} [boolean]`)
    .argParser((value: string) => (booleanWord(value) === false ? undefined : refuse()))
    .hideHelp();
}

function ipamDriver(name: string): void {
  if (name === 'default' || name === '') return;
  throw new EngineError('unsupported', `there is no IPAM driver ${name}`, {
    subject: name,
    hint: 'leave --ipam-driver out',
  });
}

function scope(name: string): void {
  if (name === 'local' || name === '') return;
  throw new EngineError('unsupported', `there are no networks of scope ${name}`, {
    subject: name,
    hint: `leave --scope out: ${NO_SWARM}`,
  });
}
