import type { SubnetDefinition } from './definition.ts';

/** The subnet of one family: a network has at most one of each. */
export function subnetOf(subnets: readonly SubnetDefinition[], family: 4 | 6): SubnetDefinition | undefined {
  return subnets.find(({ subnet }) => familyOf(subnet) === family);
}

export function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}
