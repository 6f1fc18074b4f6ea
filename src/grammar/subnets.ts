import type { SubnetOptions } from '../engine/options/network.ts';
import { EngineError } from '../errors.ts';
import { type Address, parseAddress } from '../network/address/address.ts';
import {
  contains,
  containsSubnet,
  overlaps,
  parsePrefix,
  type Subnet,
  subnetAround,
} from '../network/address/subnet.ts';

/** The flags of subnets as they stand on the command line, each any number of times. */
export interface SubnetFlags {
  subnet?: string[];
  gateway?: string[];
  ipRange?: string[];
  auxAddress?: Record<string, string>;
}

interface GivenSubnet {
  prefix: Subnet;
  options: SubnetOptions & { subnet: string };
}

/**
 * Finds for each gateway, range and other address the subnet that it lies in, as Docker does. Throws `invalid` for what
 * lies in none, for two of a kind in one subnet, and for subnets that overlap.
 */
export function subnetOptions(flags: SubnetFlags): SubnetOptions[] {
  const { subnet: texts = [], gateway: gateways = [], ipRange: ranges = [], auxAddress = {} } = flags;
  const subnets: GivenSubnet[] = [];
  for (const subnet of texts) {
    const prefix = readPrefix('subnet', subnet);
    const other = subnets.find(({ prefix: one }) => overlaps(one, prefix));
    if (other !== undefined) {
      throw new EngineError('invalid', `subnets ${other.options.subnet} and ${subnet} overlap`, {
        subject: subnet,
        hint: 'give one for each part of the network, IPv4 and IPv6',
      });
    }
    subnets.push({ prefix, options: { subnet } });
  }
  for (const range of ranges) {
    const prefix = readPrefix('range', range);
    const options = subnets.find(({ prefix: whole }) => containsSubnet(whole, prefix))?.options;
    if (options === undefined) throw outside('ip-range', range);
    if (options.range !== undefined) throw second('ranges', options.subnet, [options.range, range]);
    options.range = range;
  }
  for (const gateway of gateways) {
    const { options } = subnetOf(subnets, 'gateway', readAddress('gateway', gateway));
    if (options.gateway !== undefined) throw second('gateways', options.subnet, [options.gateway, gateway]);
    options.gateway = gateway;
  }
  for (const [name, text] of Object.entries(auxAddress)) {
    const { options } = subnetOf(subnets, 'aux-address', readAddress('auxiliary address', text));
    options.auxiliary = { ...options.auxiliary, [name]: text };
  }
  return subnets.map(({ options }) => options);
}

/** Collects `--subnet` and its kind, which Docker also takes with commas between several. */
export function collectCommas(text: string, previous: string[] = []): string[] {
  return [...previous, ...text.split(',').map((part) => part.trim())];
}

/** Collects `--aux-address NAME=ADDRESS`. Throws `invalid`. */
export function collectAuxiliary(
  text: string,
  previous: Record<string, string> = {},
): Record<string, string> {
  const equals = text.indexOf('=');
  if (equals > 0) return { ...previous, [text.slice(0, equals)]: text.slice(equals + 1) };
  throw new EngineError('invalid', `invalid auxiliary address: "${text}"`, {
    subject: text,
    hint: 'write NAME=ADDRESS, as in router=172.30.0.254',
  });
}

function subnetOf(
  subnets: readonly GivenSubnet[],
  option: string,
  { text, address }: { text: string; address: Address },
): GivenSubnet {
  const subnet = subnets.find(({ prefix }) => contains(prefix, address));
  if (subnet !== undefined) return subnet;
  throw outside(option, text);
}

function outside(option: string, text: string): EngineError {
  return new EngineError('invalid', `--${option} ${text} lies in no --subnet`, {
    subject: text,
    hint: 'give the subnet that it is part of with --subnet',
  });
}

function second(what: string, subnet: string, given: readonly string[]): EngineError {
  return new EngineError('invalid', `subnet ${subnet} has several ${what}: ${given.join(', ')}`, {
    subject: subnet,
    hint: 'leave all but one of them out',
  });
}

/** Reads a subnet with or without bits of the host: the engine says what is wrong with them. */
function readPrefix(what: string, text: string): Subnet {
  const { address, length } = parsePrefix(text, `the ${what}`);
  return subnetAround(address, length);
}

function readAddress(what: string, text: string): { text: string; address: Address } {
  const address = parseAddress(text);
  if (address !== undefined) return { text, address };
  throw new EngineError('invalid', `invalid ${what}: "${text}"`, {
    subject: text,
    hint: 'write an IPv4 or IPv6 address',
  });
}
