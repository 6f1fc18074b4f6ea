import { familyOf } from './address-text.ts';
import type { SubnetDefinition } from './definition.ts';

/** The subnet of one family: a network has at most one of each. */
export function subnetOf(subnets: readonly SubnetDefinition[], family: 4 | 6): SubnetDefinition | undefined {
  return subnets.find(({ subnet }) => familyOf(subnet) === family);
}
