import type { CreateNetworkOptions, SubnetOptions } from '../../engine/options/network.ts';
import type { JsonObject } from '../http/json.ts';
import { checkUnread, type UnreadMembers } from './unread.ts';

const OWN_CONFIGURATION = 'there is no swarm: a network is configured by its own request';

/** What of NetworkCreateRequest belongs to a swarm, or to networks that there are not. */
export const UNREAD_NETWORK: UnreadMembers = {
  CheckDuplicate: { harmless: 'it holds always: two networks of a name are refused' },
  Ingress: { refused: 'there is no swarm: a network belongs to this host' },
  ConfigOnly: { refused: OWN_CONFIGURATION },
  ConfigFrom: { refused: OWN_CONFIGURATION },
  Scope: { refused: 'there is no swarm: the scope of all networks is local', as: ['local'] },
};

/** The version of the API (1.48) since which a network can be without IPv4; before, nothing was asked by it. */
const WITHOUT_IPV4_SINCE = 48;

/** Reads Docker's NetworkCreateRequest, as a version of the API has it. Throws `invalid`. */
export function networkOptions(request: JsonObject, version: number): CreateNetworkOptions {
  const name = request.text('Name');
  if (name === undefined) throw request.refusal('Name', 'the network needs a name');
  checkUnread(request, UNREAD_NETWORK);
  return {
    name,
    driver: request.text('Driver'),
    subnets: subnetsOf(request.part('IPAM')),
    internal: request.flag('Internal'),
    attachable: request.flag('Attachable'),
    ipv4: version < WITHOUT_IPV4_SINCE ? undefined : request.flag('EnableIPv4'),
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
