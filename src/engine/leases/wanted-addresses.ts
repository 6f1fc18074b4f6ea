import { EngineError } from '../../errors.ts';
import { normalizeAddress } from '../../network/address/address.ts';
import type { NetworkDefinition } from '../../network/address/definition.ts';
import { isLeasable } from '../../network/address/lease-order.ts';
import { subnetOf } from '../../network/address/subnet-of.ts';
import type { NetworkAttachment } from '../options/create.ts';

/**
 * The attachment with the addresses it asks for in their one spelling. Throws `invalid` for one that no subnet of the
 * network has.
 */
export function checkWantedAddresses(
  { name, subnets }: NetworkDefinition,
  attachment: NetworkAttachment,
): NetworkAttachment {
  const check = (address: string | undefined, family: 4 | 6): string | undefined => {
    if (address === undefined) return undefined;
    const normal = normalizeAddress(address, `the IPv${family} address`);
    const subnet = subnetOf(subnets, family);
    if (subnet !== undefined && normal.includes(':') === (family === 6) && isLeasable(subnet, normal))
      return normal;
    throw new EngineError('invalid', `network ${name} has no address ${address} for a container`, {
      subject: address,
      hint:
        subnet === undefined
          ? `it has no IPv${family}: give it a subnet of that when you make it`
          : `choose one of ${subnet.subnet} that is not its gateway's`,
    });
  };
  return { ...attachment, ip: check(attachment.ip, 4), ip6: check(attachment.ip6, 6) };
}
