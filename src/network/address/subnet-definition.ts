import { EngineError } from '../../errors.ts';
import { formatAddress, requireAddress } from './address.ts';
import type { SubnetDefinition } from './definition.ts';
import {
  contains,
  containsSubnet,
  firstUsable,
  formatSubnet,
  lastUsable,
  parseSubnet,
  type Subnet,
} from './subnet.ts';

/**
 * A subnet as it is kept: everything in its one spelling, and with a gateway, its first address when nobody says and
 * `needsGateway`. Throws `invalid` for what lies outside of it, or has no room for a container.
 */
export function completeSubnet(
  { subnet: text, gateway, range, auxiliary }: SubnetDefinition,
  { needsGateway }: { needsGateway: boolean },
): SubnetDefinition {
  const subnet = parseSubnet(text);
  if (lastUsable(subnet) - firstUsable(subnet) < 1n) throw tooSmall(text);
  const first = formatAddress({ family: subnet.family, value: firstUsable(subnet) });
  const leader =
    gateway === undefined ? (needsGateway ? first : undefined) : inside(subnet, gateway, 'the gateway');
  return {
    subnet: formatSubnet(subnet),
    ...(leader === undefined ? {} : { gateway: leader }),
    ...(range === undefined ? {} : { range: rangeOf(subnet, range) }),
    auxiliary: Object.fromEntries(
      Object.entries(auxiliary).map(([name, address]) => [
        name,
        inside(subnet, address, `the auxiliary address ${name}`),
      ]),
    ),
  };
}

function rangeOf(subnet: Subnet, text: string): string {
  const range = parseSubnet(text, 'the range');
  if (containsSubnet(subnet, range)) return formatSubnet(range);
  throw new EngineError('invalid', `the range ${text} is not within the subnet ${formatSubnet(subnet)}`, {
    subject: text,
  });
}

function inside(subnet: Subnet, text: string, what: string): string {
  const address = requireAddress(text, what);
  const isUsable =
    contains(subnet, address) && address.value >= firstUsable(subnet) && address.value <= lastUsable(subnet);
  if (isUsable) return formatAddress(address);
  throw new EngineError(
    'invalid',
    `${what} ${text} is no address that a host in the subnet ${formatSubnet(subnet)} can have`,
    {
      subject: text,
    },
  );
}

function tooSmall(text: string): EngineError {
  return new EngineError('invalid', `the subnet ${text} has no room for a gateway and a container`, {
    subject: text,
    hint: 'use a /29 or larger',
  });
}
