import type { NetworkDefinition } from '../../network/address/definition.ts';
import { errnoName, type FailureRecord } from '../../runtime/failure/failure.ts';
import type { NetworkDamage } from '../networks/damage.ts';
import type { Finding } from './finding.ts';

const REMEDY = 'the next command that shows networks makes them what they should be: skiff network ls';

/** Returns a finding for each fault of the networks' links and of forwarding; empty when all is well. */
export function damageFindings({ forwarding, links, networks }: NetworkDamage): Finding[] {
  const families = forwarding.map(
    (family): Finding => ({
      topic: 'network',
      name: `forwarding of IPv${family}`,
      state: 'limited',
      detail: `switched off by somebody (${family === 4 ? 'net.ipv4.ip_forward' : 'net.ipv6.conf.all.forwarding'})`,
      cost: 'containers on bridges neither reach other hosts nor are reached by them',
      remedy: REMEDY,
    }),
  );
  const others = links.filter((flaw) => !forwarding.some((family) => isForwarding(flaw, family)));
  return [...families, ...firstOfEach(others).map((flaw) => linkFinding(flaw, networks))];
}

/** Whether a fault is a link's forwarding that is off: whoever switches it off for the host does so for each link. */
function isForwarding({ stage, detail }: FailureRecord, family: 4 | 6): boolean {
  return stage === 'sysctl' && detail.startsWith(`net/ipv${family}/`) && detail.endsWith('/forwarding');
}

/**
 * Returns the first fault of each link: where the link itself is missing, what is missing with it is not worth a word.
 */
function firstOfEach(links: readonly FailureRecord[]): FailureRecord[] {
  const first = new Map<string, FailureRecord>();
  for (const flaw of links) if (!first.has(linkOf(flaw))) first.set(linkOf(flaw), flaw);
  return [...first.values()];
}

/** Returns the link of a fault. A sysctl has the link in its name: `net/ipv4/conf/sk-0123456789ab/forwarding`. */
function linkOf({ stage, detail }: FailureRecord): string {
  return stage === 'sysctl' ? (detail.split('/')[3] ?? detail) : detail;
}

function linkFinding(flaw: FailureRecord, networks: readonly NetworkDefinition[]): Finding {
  const link = linkOf(flaw);
  const network = networks.find((each) => each.link === link)?.name;
  return {
    topic: 'network',
    name: flaw.stage === 'veth' ? `interface ${link}` : `bridge ${link}`,
    state: 'limited',
    detail: `${stateOf(flaw)}${network === undefined ? '' : `, of network ${network}`}`,
    cost: 'containers on it reach nothing, or are not reached',
    remedy: REMEDY,
  };
}

function stateOf({ stage, errno, detail }: FailureRecord): string {
  const code = errnoName(errno);
  if (stage === 'sysctl') return `${detail} is not what it should be`;
  switch (code) {
    case 'ENODEV':
      return 'gone';
    case 'ENETDOWN':
      return 'down';
    case 'EEXIST':
      return 'another interface, no bridge';
    case 'EADDRNOTAVAIL':
      return 'without its address';
    case 'ENOTCONN':
      return 'taken off its bridge';
    default:
      return `cannot be looked at: ${code}`;
  }
}
