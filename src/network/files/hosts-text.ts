import { EngineError } from '../../errors.ts';
import { normalizeAddress } from '../address/address.ts';

/** The content of a container's /etc/hosts besides the standard lines. */
export interface HostsContent {
  hostname: string;
  domainname?: string | undefined;
  /** The container's own addresses, on every network. */
  addresses: readonly string[];
  /** `--add-host`, in order; the address may be `host-gateway`. */
  extra: readonly ExtraHost[];
  /** The addresses that `host-gateway` stands for: under these the container reaches the host. */
  hostGateway: readonly string[];
  /** `--link` on the default network. */
  links: readonly LinkedHost[];
}

export interface ExtraHost {
  name: string;
  address: string;
}

/** Another container, as a link makes it known. */
export interface LinkedHost {
  address: string;
  alias: string;
  name: string;
  hostname: string;
}

/** Docker's, which are Debian's but for the last digit of two. */
const STANDARD: readonly (readonly [string, string])[] = [
  ['127.0.0.1', 'localhost'],
  ['::1', 'localhost ip6-localhost ip6-loopback'],
  ['fe00::', 'ip6-localnet'],
  ['ff00::', 'ip6-mcastprefix'],
  ['ff02::1', 'ip6-allnodes'],
  ['ff02::2', 'ip6-allrouters'],
];

const HOST_GATEWAY = 'host-gateway';

/**
 * The text of /etc/hosts (hosts(5)) in Docker's order: standard lines, extra hosts, links, the container itself. Throws
 * `invalid` for an address that is none, a name that is not one word, and `host-gateway` where there is none.
 */
export function hostsText(content: HostsContent): string {
  const lines = [
    ...STANDARD,
    ...extraLines(content.extra, content.hostGateway),
    ...content.links.map((link) => [link.address, linkNames(link)] as const),
    ...content.addresses.map((address) => [address, ownNames(content)] as const),
  ];
  return lines.map(([address, names]) => `${address}\t${names}\n`).join('');
}

function extraLines(
  extra: readonly ExtraHost[],
  hostGateway: readonly string[],
): (readonly [string, string])[] {
  return extra.flatMap(({ name, address }) => {
    if (name === '' || /[\s\0]/.test(name))
      throw new EngineError('invalid', `${JSON.stringify(name)} is not the name of a host`, {
        subject: name,
      });
    if (address !== HOST_GATEWAY)
      return [[normalizeAddress(address, `the address of ${name}`), name] as const];
    if (hostGateway.length > 0) return hostGateway.map((gateway) => [gateway, name] as const);
    throw new EngineError(
      'invalid',
      `the host ${name} cannot be ${HOST_GATEWAY}: this container has no way to the host`,
      {
        subject: name,
        hint: 'put the container on a bridge network, or write an address',
      },
    );
  });
}

/** The alias, what the other one calls itself, and its name. */
function linkNames({ alias, hostname, name }: LinkedHost): string {
  return [...new Set([alias, hostname, name])].join(' ');
}

/**
 * Returns the names of a container for itself: in full, then short. As Docker has it, the host name may be the full one
 * already (`--hostname web.example.com`).
 */
export function ownNames({ hostname, domainname }: Pick<HostsContent, 'hostname' | 'domainname'>): string {
  const full = domainname ? `${hostname}.${domainname}` : hostname;
  const [short = ''] = full.split('.', 1);
  return short === full ? full : `${full} ${short}`;
}
