import { EngineError } from '../../errors.ts';
import { checkInterfaceName } from '../../network/interface-name.ts';
import { checkName } from './container-name.ts';
import type {
  CreateOptions,
  HealthOptions,
  NamespaceOptions,
  NetworkAttachment,
  NetworkOptions,
  RestartPolicy,
} from './create.ts';
import { DEFAULT_NETWORK } from './network.ts';

/**
 * Refuses what no container can be asked for, whatever host and store it is for. Returns warnings, whole sentences: what
 * was asked for and is left out. Throws `invalid`. What depends on an image, on other containers or on this host is
 * refused where that is looked at (`prepareContainer`).
 */
export function checkCreateOptions(options: CreateOptions): string[] {
  const { namespaces, network } = options;
  checkName(options.name);
  if (options.restart !== undefined) checkRestart(options.restart, options);
  if (options.health !== undefined) checkHealth(options.health);
  checkHostNames(namespaces);
  refuseItself(options);
  if (network === undefined) return [];
  if (namespaces.network !== 'networks') return checkWithoutNetworks(namespaces.network, network);
  for (const attachment of network.attachments) checkAttachment(attachment);
  checkDistinct(network.attachments);
  return [];
}

/**
 * Throws `invalid` for a policy that cannot be, and for one of a container that is removed when it ends: `kind` is
 * `conflict` where that was decided before.
 */
export function checkRestart(
  { name: policy, maximum = 0 }: RestartPolicy,
  { name, autoRemove }: Pick<CreateOptions, 'name' | 'autoRemove'>,
  kind: 'invalid' | 'conflict' = 'invalid',
): void {
  if (!Number.isSafeInteger(maximum) || maximum < 0) {
    throw new EngineError('invalid', `the number of restarts cannot be ${maximum}`, {
      subject: String(maximum),
      hint: 'give a whole number, not negative; 0 is no limit',
    });
  }
  if (maximum > 0 && policy !== 'on-failure') {
    throw new EngineError('invalid', `the restart policy ${policy} takes no number of attempts`, {
      subject: policy,
      hint: 'only on-failure takes a number',
    });
  }
  if (!autoRemove || policy === 'no') return;
  const which = name === undefined ? 'the container' : `container ${name}`;
  throw new EngineError(kind, `${which} cannot have a restart policy: it is removed when it ends`, {
    subject: name,
    hint: 'leave --restart or --rm out: what is removed cannot be started again',
  });
}

const TIMES = {
  intervalMs: 'interval',
  timeoutMs: 'timeout',
  startPeriodMs: 'start period',
  startIntervalMs: 'start interval',
} as const;

/**
 * Checks the times of a health check: 0 is the same as none, and what is between 0 and a millisecond is refused, as by
 * Docker.
 */
function checkHealth(health: HealthOptions): void {
  for (const [key, name] of Object.entries(TIMES) as [keyof typeof TIMES, string][]) {
    const value = health[key];
    if (value === undefined || value === 0 || value >= 1) continue;
    throw new EngineError('invalid', `the health check's ${name} cannot be less than 1 ms`, {
      subject: name,
      hint: 'name a longer one, such as 30s',
    });
  }
  if (health.retries !== undefined && !(health.retries >= 0)) {
    throw new EngineError('invalid', "the health check's retries cannot be negative", {
      subject: 'retries',
      hint: 'name how many failures in a row make it unhealthy, such as 3',
    });
  }
  const { test: [kind, ...words] = [], ...others } = health;
  if (kind !== 'NONE' || (words.length === 0 && !Object.values(others).some(Boolean))) return;
  throw new EngineError('invalid', 'no health check and settings of a health check contradict each other', {
    hint: 'leave one of them out: --no-healthcheck or the --health options',
  });
}

/** A thing that can be asked for: in words, and for hints the option that asks for it. */
interface Thing {
  what: string;
  hint: string;
}

const HOST_NAME = { what: 'a host name', hint: '--hostname' };
const DOMAIN_NAME = { what: 'a domain name', hint: '--domainname' };

/** A host name is of no use where the one of somebody else is shared; Docker refuses it, too. */
function checkHostNames({ hostname, domainname, network, uts = 'private' }: NamespaceOptions): void {
  if ((hostname ?? domainname) === undefined) return;
  const name = hostname === undefined ? DOMAIN_NAME : HOST_NAME;
  if (uts !== 'private') throw notFor(name, { what: 'that shares its UTS namespace', hint: '--uts' });
  if (hostname !== undefined && typeof network === 'object') throw notFor(name, placeOf(network));
}

/**
 * Refuses a container that joins its own namespaces. The names of others are looked up when it is prepared; by then
 * nobody would know that this one means the container itself.
 */
function refuseItself({ name, namespaces }: CreateOptions): void {
  if (name === undefined) return;
  for (const [kind, choice] of Object.entries(namespaces)) {
    if (typeof choice !== 'object' || !('container' in choice) || choice.container !== name) continue;
    throw new EngineError('invalid', `container ${name} cannot join its own ${kind} namespace`, {
      subject: name,
      hint: 'name another container',
    });
  }
}

/** Throws `invalid` for what the default network does not have. `network` of the attachment is the network's name. */
export function checkAttachment({ network, aliases, ip, ip6 }: NetworkAttachment): void {
  if (network !== DEFAULT_NETWORK) return;
  const what = isAsked(aliases) ? 'aliases' : isAsked(ip ?? ip6) ? 'chosen addresses' : undefined;
  if (what === undefined) return;
  throw new EngineError('invalid', `${what} are only supported for user-defined networks`, {
    subject: network,
    hint: 'make one with skiff network create, and name it with --network',
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

/** The name of the interface in the container that is asked for, in Podman's or in Docker's words. */
export function interfaceNameOf({ interfaceName, driverOptions }: NetworkAttachment): string | undefined {
  return interfaceName ?? driverOptions?.['com.docker.network.endpoint.ifname'];
}

type Mode = Exclude<NamespaceOptions['network'], 'networks'>;

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

/** Whether a value asks for something: empty lists and words are as good as absent. */
function isAsked(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);
}

function placeOf(mode: Mode): Thing {
  const hint = `--network ${wordOf(mode)}`;
  if (mode === 'none') return { what: 'without a network', hint };
  return { what: `on the network of ${mode === 'host' ? 'the host' : 'another'}`, hint };
}

function wordOf(mode: Mode): string {
  return typeof mode === 'string' ? mode : `container:${mode.container}`;
}

function notFor(thing: Thing, container: Thing): EngineError {
  return new EngineError('invalid', `${thing.what} cannot be given to a container ${container.what}`, {
    hint: `leave one of them out: ${thing.hint} or ${container.hint}`,
  });
}
