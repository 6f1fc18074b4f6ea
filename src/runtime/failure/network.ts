import type { Explainer, Failure, Words } from './words.ts';

const HINT_WITHOUT = 'run without a network of its own: --network none or --network host';
const HINT_ADMIN = 'networks need CAP_NET_ADMIN; inside of a container, start that one with --privileged';

/** The errno of a bridge that is full; the runtime has no name for it. */
const EXFULL = 54;

/** The stages of networks: links, addresses, routes, firewall, names and ports. */
export const NETWORK: Readonly<Record<string, Explainer>> = {
  network: (failure) => general(failure, `cannot bring the network up (${failure.detail})`),
  bridge: explainBridge,
  alias: (failure) => general(failure, `cannot say whose the bridge ${failure.detail} is`),
  veth: explainVeth,
  macvlan: explainMacvlan,
  address: explainAddress,
  up: (failure) => general(failure, `cannot bring the interface ${failure.detail} up`),
  route: explainRoute,
  nft: explainFirewall,
  'nft-remove': (failure) => general(failure, `cannot take back firewall rules (${failure.detail})`),
  'forget-udp': (failure) =>
    general(failure, `cannot end the UDP flows of published ports (${failure.detail})`),
  unlink: (failure) => general(failure, `cannot remove ${failure.detail}`),
  'delete-link': (failure) => general(failure, `cannot delete the interface ${failure.detail}`),
  firewall: ({ detail }) => ({
    kind: 'unavailable',
    message: `the firewall rules of networks (${detail}) are not what they should be, and repairing them did not help`,
    hint: 'something else on this host removes them: see nft list ruleset',
  }),
  repair: ({ detail }) => ({
    kind: 'unavailable',
    message: `cannot make the networks of this host what they should be: ${detail}`,
    hint: HINT_WITHOUT,
  }),
  resolver: (failure) => general(failure, `cannot start the resolver of the container (${failure.detail})`),
  port: explainPort,
  'await-network': ({ reason }) => ({
    message: `the container was not connected to its networks: ${reason}`,
  }),
};

/** Explains the failures that every step of a network may have. */
function general({ code, reason }: Failure, what: string): Partial<Words> {
  const message = `${what}: ${reason}`;
  switch (code) {
    case 'EPERM':
    case 'EACCES':
      return { kind: 'denied', message, hint: HINT_ADMIN };
    case 'EROFS':
      return {
        kind: 'denied',
        message,
        hint: 'inside of a container, start that one with --privileged, or use --network none or host',
      };
    default:
      return { message };
  }
}

const kernelLacks = (options: string): string => `this kernel lacks ${options}; ${HINT_WITHOUT}`;

function explainBridge(failure: Failure): Partial<Words> {
  const { code, detail } = failure;
  const message = `cannot make the bridge ${detail}`;
  switch (code) {
    case 'EEXIST':
      return {
        kind: 'conflict',
        message: `${message}: an interface of that name is there, and is no bridge`,
        hint: `delete it (ip link delete ${detail}), or give the network another bridge`,
      };
    case 'EOPNOTSUPP':
      return { kind: 'unsupported', message, hint: kernelLacks('bridges (CONFIG_BRIDGE)') };
    default:
      return general(failure, message);
  }
}

function explainVeth(failure: Failure): Partial<Words> {
  const { code, detail } = failure;
  const message = `cannot connect the container to the bridge ${detail}`;
  switch (code) {
    case 'ENODEV':
      return {
        kind: 'notFound',
        message: `${message}: there is no such interface`,
        hint: 'something on this host removed it: try again, it is made anew',
      };
    case 'ENETDOWN':
      return {
        kind: 'unavailable',
        message: `${message}: it is down, and repairing it did not help`,
        hint: `something on this host takes it down: see ip link show ${detail}`,
      };
    case 'ENETUNREACH':
      return {
        kind: 'unavailable',
        message: `${message}: this host does not forward packets, and switching that on did not help`,
        hint: 'something on this host switches it off: see net.ipv4.ip_forward and net.ipv6.conf.all.forwarding',
      };
    case 'EEXIST':
      return {
        kind: 'conflict',
        message: `${message}: the name of its interface is taken`,
        hint: 'see ip link',
      };
    case 'EOPNOTSUPP':
      return {
        kind: 'unsupported',
        message,
        hint: kernelLacks('pairs of interfaces (CONFIG_VETH), or that interface is no bridge'),
      };
    default:
      if (failure.errno !== EXFULL) return general(failure, message);
      return {
        kind: 'unavailable',
        message: `${message}: it has no port left (there are 1023)`,
        hint: 'connect fewer containers to this network, or use several networks',
      };
  }
}

function explainMacvlan(failure: Failure): Partial<Words> {
  const { code, detail } = failure;
  const message = `cannot put the container on ${detail}`;
  switch (code) {
    case 'ENODEV':
      return {
        kind: 'notFound',
        message: `${message}: there is no such interface`,
        hint: 'make it first, or give the network another parent',
      };
    case 'EBUSY':
    case 'EINVAL':
      return {
        kind: 'conflict',
        message: `${message}: it is in use as something else`,
        hint: 'the port of a bridge cannot be the parent of macvlan, and mode passthru takes one container only',
      };
    case 'EADDRINUSE':
      return {
        kind: 'conflict',
        message: `${message}: somebody else on it has that MAC address`,
        hint: 'choose another with --mac-address',
      };
    case 'EOPNOTSUPP':
      return { kind: 'unsupported', message, hint: kernelLacks('CONFIG_MACVLAN') };
    default:
      return general(failure, message);
  }
}

/** The detail is link and address. */
function explainAddress(failure: Failure): Partial<Words> {
  const [link, address] = failure.detail.split(' ');
  const message = `cannot give ${link} the address ${address}`;
  switch (failure.code) {
    case 'EADDRINUSE':
      return { kind: 'conflict', message: `${message}: it is in use` };
    case 'EACCES':
    case 'EOPNOTSUPP':
    case 'EAFNOSUPPORT':
      return address?.includes(':')
        ? { kind: 'unsupported', message, hint: 'IPv6 is switched off here: use a network without it' }
        : general(failure, message);
    default:
      return general(failure, message);
  }
}

/** The detail is link, destination and gateway. */
function explainRoute(failure: Failure): Partial<Words> {
  const [link, destination, gateway] = failure.detail.split(' ');
  const through = gateway === undefined ? `to ${link}` : `through ${gateway} on ${link}`;
  const message = `cannot lead ${destination === 'default' ? 'what leaves the container' : destination} ${through}`;
  switch (failure.code) {
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'EINVAL':
      return { kind: 'invalid', message, hint: 'the gateway has to be in the subnet of the network' };
    case 'EEXIST':
      return { kind: 'conflict', message: `${message}: another way leads there` };
    default:
      return general(failure, message);
  }
}

/** The detail is a table, with a set or chain of it, or `nf_tables` when there is no such thing. */
function explainFirewall(failure: Failure): Partial<Words> {
  const { code, detail } = failure;
  const message = `cannot change the firewall (${detail})`;
  switch (code) {
    case 'EPROTONOSUPPORT':
    case 'EAFNOSUPPORT':
    case 'ENOPROTOOPT':
    case 'EOPNOTSUPP':
      return {
        kind: 'unsupported',
        message: 'this kernel has no nf_tables, which networks need',
        hint: `load the module nf_tables, or use a kernel with CONFIG_NF_TABLES and CONFIG_NF_TABLES_INET; ${HINT_WITHOUT}`,
      };
    case 'ENOENT':
      return {
        kind: 'unavailable',
        message: `${message}: the table is not there, or this kernel does not know something of it`,
        hint: kernelLacks('CONFIG_NFT_NAT, CONFIG_NFT_MASQ or CONFIG_NFT_CT perhaps'),
      };
    case 'EEXIST':
      return { kind: 'conflict', message: `${message}: somebody has that already` };
    case 'EBUSY':
      return { kind: 'unavailable', message, hint: 'something else holds on to it: see nft list ruleset' };
    case 'EMSGSIZE':
      return { kind: 'denied', message, hint: `too much at once for net.core.wmem_max: ${HINT_ADMIN}` };
    default:
      return general(failure, message);
  }
}

/** The detail is protocol, address and port of the host. */
function explainPort(failure: Failure): Partial<Words> {
  const [protocol, address = '', port] = failure.detail.split(' ');
  const where = `${address.includes(':') ? `[${address}]` : address}:${port}/${protocol}`;
  switch (failure.code) {
    case 'EADDRINUSE':
      return {
        kind: 'conflict',
        message: `the port ${where} of the host is in use`,
        hint: 'publish another, or end what has it (ss -lntup)',
      };
    case 'EADDRNOTAVAIL':
      return {
        kind: 'invalid',
        message: `cannot publish ${where}: this host does not have that address`,
        hint: 'see ip address',
      };
    case 'EACCES':
    case 'EPERM':
      return {
        kind: 'denied',
        message: `cannot publish ${where}: permission denied`,
        hint: 'ports below 1024 need CAP_NET_BIND_SERVICE',
      };
    case 'EPROTONOSUPPORT':
    case 'EAFNOSUPPORT':
      return {
        kind: 'unsupported',
        message: `cannot publish ${where}: this kernel does not have the protocol`,
      };
    default:
      return general(failure, `cannot publish ${where}`);
  }
}
