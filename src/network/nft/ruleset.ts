import { addressBytes, requireAddress } from '../address/address.ts';
import type { FirewallState } from '../address/definition.ts';
import { change, elementsOfNetworks, elementsOfPorts } from './elements.ts';
import {
  compare,
  connection,
  type Expression,
  interfaceBytes,
  isLocalDestination,
  keepBits,
  lookup,
  masquerade,
  meta,
  type PayloadField,
  payload,
  translateDestination,
  verdict,
} from './expressions.ts';
import {
  addElements,
  type BaseChain,
  deleteTable,
  newChain,
  newRule,
  newSet,
  newTable,
  type SetDescription,
  type TablePlace,
} from './messages.ts';
import { Family } from './netlink.ts';

/** The messages that make the firewall's table anew. */
export interface Ruleset {
  /** The messages, to be performed as one transaction: the table is replaced whether there was one or not. */
  messages: Uint8Array;
  /** The number of rules that each chain has then, by its name. */
  ruleCounts: Readonly<Record<string, number>>;
}

const SETS: readonly SetDescription[] = [
  { name: 'bridges', key: ['interface'] },
  { name: 'internal', key: ['interface'] },
  { name: 'same', key: ['interface', 'interface'] },
  { name: 'uplinks4', key: ['interface'] },
  { name: 'uplinks6', key: ['interface'] },
  { name: 'sources4', key: ['ipv4'], interval: true },
  { name: 'sources6', key: ['ipv6'], interval: true },
  { name: 'own4', key: ['interface', 'ipv4'], interval: true },
  { name: 'own6', key: ['interface', 'ipv6'], interval: true },
  { name: 'ports4', key: ['ipv4', 'protocol', 'port'], value: ['ipv4', 'port'] },
  { name: 'any4', key: ['protocol', 'port'], value: ['ipv4', 'port'] },
  { name: 'ports6', key: ['ipv6', 'protocol', 'port'], value: ['ipv6', 'port'] },
  { name: 'any6', key: ['protocol', 'port'], value: ['ipv6', 'port'] },
];

/** Chains in the order in which they are made: what is jumped to comes first. */
const CHAINS: readonly { name: string; base?: BaseChain; rules: () => Expression[][] }[] = [
  { name: 'publish', rules: publishRules },
  { name: 'raw', base: { type: 'filter', hook: 'prerouting', priority: -300 }, rules: rawRules },
  { name: 'prerouting', base: { type: 'nat', hook: 'prerouting', priority: -100 }, rules: localRules },
  { name: 'output', base: { type: 'nat', hook: 'output', priority: -100 }, rules: localRules },
  { name: 'postrouting', base: { type: 'nat', hook: 'postrouting', priority: 100 }, rules: sourceRules },
  { name: 'forward', base: { type: 'filter', hook: 'forward', priority: 0 }, rules: forwardRules },
];

/** The table as it has to be for these networks and ports (src/network/NETWORKS.md). */
export function ruleset({ table, networks, ports, uplinks4, uplinks6 }: FirewallState): Ruleset {
  const place: TablePlace = { family: Family.inet, table };
  const messages = [newTable(place), deleteTable(place), newTable(place)];
  SETS.forEach((set, index) => {
    messages.push(newSet(place, set, index + 1));
  });
  const ruleCounts: Record<string, number> = {};
  for (const { name, base, rules } of CHAINS) {
    messages.push(newChain(place, name, base));
    const all = rules();
    for (const rule of all) messages.push(newRule(place, name, rule));
    ruleCounts[name] = all.length;
  }
  messages.push(change(addElements, table, elementsOfNetworks(networks)));
  messages.push(change(addElements, table, elementsOfPorts(ports)));
  const links = (names: readonly string[]) => names.map((name) => ({ key: interfaceBytes(name) }));
  messages.push(
    addElements(place, 'uplinks4', links(uplinks4)),
    addElements(place, 'uplinks6', links(uplinks6)),
  );
  return { messages: Buffer.concat(messages), ruleCounts };
}

/** Makes the messages that leave no table of this name, whether there was one or not. */
export function withoutTable(table: string): Uint8Array {
  const place: TablePlace = { family: Family.inet, table };
  return Buffer.concat([newTable(place), deleteTable(place)]);
}

const SOURCE4: PayloadField = { base: 'network', offset: 12, length: 4 };
const DESTINATION4: PayloadField = { base: 'network', offset: 16, length: 4 };
const SOURCE6: PayloadField = { base: 'network', offset: 8, length: 16 };
const DESTINATION6: PayloadField = { base: 'network', offset: 24, length: 16 };
/** The destination port of TCP, UDP and SCTP alike. */
const DESTINATION_PORT: PayloadField = { base: 'transport', offset: 2, length: 2 };

/** IP_CT_ESTABLISHED and IP_CT_RELATED as the kernel's bits of a state; IPS_DST_NAT. */
const ESTABLISHED_OR_RELATED = 2 | 4;
const DESTINATION_TRANSLATED = 32;

/**
 * Drops packets to 127.0.0.0/8 from other hosts: the bridges' `route_localnet` is for this host alone. Every packet
 * that comes in passes here: nearly all of them leave at the address, before the name of an interface is fetched and
 * compared.
 */
function rawRules(): Expression[][] {
  const fromElsewhere = [meta('iifname'), compare('unequal', interfaceBytes('lo'))];
  return [[...isIpv4(), ...inLoopback(DESTINATION4), ...fromElsewhere, verdict('drop')]];
}

function localRules(): Expression[][] {
  const loopback6 = addressBytes(requireAddress('::1', 'the loopback address'));
  return [
    // The kernel does not lead ::1 anywhere else: such a packet would be lost instead of reaching the port's socket.
    [...isIpv6(), payload(DESTINATION6), compare('equal', loopback6), verdict('return')],
    [...isLocalDestination(), verdict('jump', 'publish')],
  ];
}

function publishRules(): Expression[][] {
  const [port4, port6] = [4, 16];
  return [
    [
      ...isIpv4(),
      payload(DESTINATION4),
      meta('l4proto', 4),
      payload(DESTINATION_PORT, 8),
      lookup('ports4', { to: 0 }),
      translateDestination(Family.ipv4, 0, port4),
    ],
    [...isIpv4(), ...service(), lookup('any4', { to: 0 }), translateDestination(Family.ipv4, 0, port4)],
    [
      ...isIpv6(),
      payload(DESTINATION6),
      meta('l4proto', 16),
      payload(DESTINATION_PORT, 20),
      lookup('ports6', { to: 0 }),
      translateDestination(Family.ipv6, 0, port6),
    ],
    [...isIpv6(), ...service(), lookup('any6', { to: 0 }), translateDestination(Family.ipv6, 0, port6)],
  ];
}

function sourceRules(): Expression[][] {
  const toElsewhere = [meta('oifname'), lookup('bridges', { unless: true }), masquerade()];
  return [
    [...to('bridges'), ...isIpv4(), ...inLoopback(SOURCE4), masquerade()],
    // A container that comes back to its own network must be answered through the host, which translated. By its
    // address: with br_netfilter the packet stays within the bridge, and nothing tells here by which interface it came.
    [...isTranslated(), ...isIpv4(), meta('oifname'), payload(SOURCE4, 16), lookup('own4'), masquerade()],
    [...isTranslated(), ...isIpv6(), meta('oifname'), payload(SOURCE6, 16), lookup('own6'), masquerade()],
    [...isIpv4(), payload(SOURCE4), lookup('sources4'), ...toElsewhere],
    [...isIpv6(), payload(SOURCE6), lookup('sources6'), ...toElsewhere],
  ];
}

function forwardRules(): Expression[][] {
  const known = [
    connection('state'),
    keepBits(ESTABLISHED_OR_RELATED),
    compare('unequal', new Uint8Array(4)),
  ];
  return [
    [...withinOneNetwork(), verdict('accept')],
    [...from('internal'), verdict('drop')],
    [...to('internal'), verdict('drop')],
    [...known, verdict('accept')],
    [...to('bridges'), ...isTranslated(), verdict('accept')],
    [...to('bridges'), verdict('drop')],
    [...isIpv4(), ...from('uplinks4'), ...to('uplinks4'), verdict('drop')],
    [...isIpv6(), ...from('uplinks6'), ...to('uplinks6'), verdict('drop')],
  ];
}

const isIpv4 = () => [meta('nfproto'), compare('equal', Uint8Array.of(Family.ipv4))];
const isIpv6 = () => [meta('nfproto'), compare('equal', Uint8Array.of(Family.ipv6))];
const from = (set: string) => [meta('iifname'), lookup(set)];
const to = (set: string) => [meta('oifname'), lookup(set)];
const withinOneNetwork = () => [meta('iifname'), meta('oifname', 16), lookup('same')];
const service = () => [meta('l4proto'), payload(DESTINATION_PORT, 4)];
const inLoopback = (field: PayloadField) => [
  payload({ ...field, length: 1 }),
  compare('equal', Uint8Array.of(127)),
];

function isTranslated(): Expression[] {
  return [connection('status'), keepBits(DESTINATION_TRANSLATED), compare('unequal', new Uint8Array(4))];
}
