import { addressBytes, requireAddress } from '../address/address.ts';
import { EMBEDDED_RESOLVER } from '../files/resolv-conf.ts';
import {
  compare,
  type Expression,
  interfaceBytes,
  load,
  meta,
  type PayloadField,
  payload,
  setPayload,
} from './expressions.ts';
import { deleteTable, newChain, newRule, newTable, type TablePlace } from './messages.ts';
import { bytesOf16, Family } from './netlink.ts';

/** The port on which the resolver listens: port 53 stays free for the container. */
export const RESOLVER_PORT = 61053;

const PLACE: TablePlace = { family: Family.ipv4, table: 'skiff_resolver' };
const DNS_PORT = 53;
/** Numbers of the protocols, and where their checksums lie in the header. */
const PROTOCOLS = [
  { protocol: 17, checksum: 6 },
  { protocol: 6, checksum: 16 },
];
const SOURCE: PayloadField = { base: 'network', offset: 12, length: 4 };
const DESTINATION: PayloadField = { base: 'network', offset: 16, length: 4 };
const SOURCE_PORT: PayloadField = { base: 'transport', offset: 0, length: 2 };
const DESTINATION_PORT: PayloadField = { base: 'transport', offset: 2, length: 2 };

/**
 * The messages that lead questions for 127.0.0.11, port 53, to the resolver's port, and give answers back from port 53,
 * in the network namespace of a container. Each packet is rewritten by itself: nothing tracks connections. Where the
 * container does, it sees port 53 both ways: questions change behind its rules (also behind its own translations), answers
 * before them.
 */
export function resolverRules(): Uint8Array {
  const messages = [newTable(PLACE), deleteTable(PLACE), newTable(PLACE)];
  messages.push(newChain(PLACE, 'questions', { type: 'filter', hook: 'output', priority: 150 }));
  messages.push(newChain(PLACE, 'answers', { type: 'filter', hook: 'output', priority: -300 }));
  for (const { protocol, checksum } of PROTOCOLS) {
    const question = rewrite(DESTINATION, DESTINATION_PORT, {
      protocol,
      checksum,
      from: DNS_PORT,
      to: RESOLVER_PORT,
    });
    const answer = rewrite(SOURCE, SOURCE_PORT, { protocol, checksum, from: RESOLVER_PORT, to: DNS_PORT });
    messages.push(newRule(PLACE, 'questions', question), newRule(PLACE, 'answers', answer));
  }
  return Buffer.concat(messages);
}

function rewrite(
  address: PayloadField,
  port: PayloadField,
  change: { protocol: number; checksum: number; from: number; to: number },
): Expression[] {
  const resolver = addressBytes(requireAddress(EMBEDDED_RESOLVER, 'the resolver'));
  return [
    meta('oifname'),
    compare('equal', interfaceBytes('lo')),
    payload(address),
    compare('equal', resolver),
    meta('l4proto'),
    compare('equal', Uint8Array.of(change.protocol)),
    payload(port),
    compare('equal', bytesOf16(change.from)),
    load(bytesOf16(change.to)),
    setPayload(port, change.checksum),
  ];
}
