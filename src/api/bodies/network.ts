import type { CreateNetworkOptions, SubnetOptions } from '../../engine/options/network.ts';
import type { JsonObject } from '../http/json.ts';

/** What of NetworkCreateRequest belongs to a swarm, or to drivers that there are not, and why it is refused. */
const REFUSED = {
  Ingress: 'there is no swarm: a network belongs to this host',
  ConfigOnly: 'there is no swarm: a network belongs to this host',
} as const;

/** Reads Docker's NetworkCreateRequest. `CheckDuplicate` holds always: two networks of a name are refused. */
export function networkOptions(request: JsonObject): CreateNetworkOptions {
  const name = request.text('Name');
  if (name === undefined) throw request.refusal('Name', 'the network needs a name');
  for (const [member, why] of Object.entries(REFUSED))
    if (request.flag(member) === true) throw request.refusal(member, why);
  const scope = request.text('Scope');
  if (scope !== undefined && scope !== 'local')
    throw request.refusal('Scope', `there are no networks of scope ${scope}`);
  if (request.part('ConfigFrom').text('Network') !== undefined)
    throw request.refusal('ConfigFrom', 'there is no swarm: a network belongs to this host');
  return {
    name,
    driver: request.text('Driver'),
    subnets: subnetsOf(request.part('IPAM')),
    internal: request.flag('Internal'),
    ipv4: request.flag('EnableIPv4'),
    ipv6: request.flag('EnableIPv6'),
    labels: request.map('Labels'),
    options: request.map('Options'),
  };
}

function subnetsOf(ipam: JsonObject): SubnetOptions[] | undefined {
  const driver = ipam.text('Driver');
  if (driver !== undefined && driver !== 'default')
    throw ipam.refusal('Driver', `there is no IPAM driver ${driver}`);
  if (Object.keys(ipam.map('Options') ?? {}).length > 0)
    throw ipam.refusal('Options', 'addresses are handed out in one way only, which has no options');
  const subnets = ipam.objects('Config') ?? [];
  if (subnets.length === 0) return undefined;
  return subnets.map((config) => ({
    subnet: config.text('Subnet'),
    gateway: config.text('Gateway'),
    range: config.text('IPRange'),
    auxiliary: config.map('AuxiliaryAddresses'),
  }));
}
