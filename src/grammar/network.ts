import type { NetworkAttachment, SharedWith } from '../engine/options/create.ts';
import { DEFAULT_NETWORK } from '../engine/options/network.ts';
import { EngineError } from '../errors.ts';
import { parseAddress } from '../network/address/address.ts';
import { address, macAddress } from './addresses.ts';
import { csvFields } from './csv.ts';
import { integer } from './words.ts';

/** The network that `--network` asks for, or the mode in the place of one. */
export type NetworkRequest = { mode: 'none' | 'host' | SharedWith } | { attachment: NetworkAttachment };

/** Other names for the default network. */
const DEFAULT_NAMES = ['default', 'private'];

/**
 * `--network`: none, host, container:NAME, the name of a network, `name=NET,alias=…,ip=…` as Docker has it, or
 * `NET:alias=…,ip=…` as Podman does. Empty is as good as absent. Throws `invalid`, `unsupported`.
 */
export function parseNetwork(text: string): NetworkRequest | undefined {
  if (text === '') return undefined;
  const end = text.search(/[:=,]/);
  if (end < 0) return requestFor(text);
  if (text[end] === '=') return docker(text);
  const name = text.slice(0, end);
  const rest = text.slice(end + 1);
  if (text[end] === ',') throw badNetwork(text, 'it names two networks', 'give --network once for each');
  if (name === 'container') return shared(text, rest);
  if (name === 'ns') {
    throw new EngineError('unsupported', 'a network namespace cannot be joined by its path', {
      subject: text,
      hint: 'use container:NAME to share the network of a container',
    });
  }
  return podman(text, name, rest);
}

function requestFor(name: string): NetworkRequest {
  if (name === 'none' || name === 'host') return { mode: name };
  return { attachment: { network: DEFAULT_NAMES.includes(name) ? DEFAULT_NETWORK : name } };
}

function shared(text: string, container: string): NetworkRequest {
  if (container !== '') return { mode: { container } };
  throw badNetwork(text, 'it names no container', 'write container:NAME');
}

type Fields = Omit<NetworkAttachment, 'network'>;
type Setter = (value: string, fields: Fields) => Fields;

const address4 = address('IPv4 address', 4);
const address6 = address('IPv6 address', 6);

const COMMON: Readonly<Record<string, Setter>> = {
  alias: (value, fields) => ({ ...fields, aliases: [...(fields.aliases ?? []), value] }),
};

const DOCKER: Readonly<Record<string, Setter>> = {
  ...COMMON,
  ip: (value, fields) => ({ ...fields, ip: address4(value) }),
  ip6: (value, fields) => ({ ...fields, ip6: address6(value) }),
  'mac-address': (value, fields) => ({ ...fields, mac: macAddress(value) }),
  'driver-opt': (value, fields) => ({
    ...fields,
    driverOptions: { ...fields.driverOptions, ...parseDriverOption(value) },
  }),
  'gw-priority': (value, fields) => ({ ...fields, gatewayPriority: integer(value) }),
  'link-local-ip': refuseLinkLocal,
};

const PODMAN: Readonly<Record<string, Setter>> = {
  ...COMMON,
  ip: (value, fields) => {
    const family = parseAddress(address('address')(value))?.family;
    return family === 4 ? { ...fields, ip: value } : { ...fields, ip6: value };
  },
  ip6: (value, fields) => ({ ...fields, ip6: address6(value) }),
  mac: (value, fields) => ({ ...fields, mac: macAddress(value) }),
  interface_name: (value, fields) => ({ ...fields, interfaceName: value }),
};

function docker(text: string): NetworkRequest {
  const all = csvFields(text).map((field) => keyAndValue(text, field));
  const name = all.findLast(([key]) => key === 'name')?.[1] ?? '';
  if (name === '') throw badNetwork(text, 'it has no name', 'add name=NETWORK');
  const container = /^container:(.*)$/s.exec(name)?.[1];
  const request = container === undefined ? requestFor(name) : shared(text, container);
  return withFields(text, request, { name, setters: DOCKER, given: all.filter(([key]) => key !== 'name') });
}

function podman(text: string, name: string, rest: string): NetworkRequest {
  if (name === '') throw badNetwork(text, 'it has no name', 'write NETWORK:alias=NAME');
  const given = csvFields(rest)
    .filter((field) => field !== '')
    .map((field) => keyAndValue(text, field));
  return withFields(text, requestFor(name), { name, setters: PODMAN, given });
}

function withFields(
  text: string,
  request: NetworkRequest,
  { name, setters, given }: { name: string; setters: typeof DOCKER; given: readonly [string, string][] },
): NetworkRequest {
  if (given.length === 0) return request;
  if ('mode' in request)
    throw badNetwork(text, `${name} has no settings of its own`, 'only networks have addresses and aliases');
  let fields: Fields = {};
  for (const [key, value] of given) {
    const set = Object.hasOwn(setters, key) ? setters[key] : undefined;
    if (set === undefined)
      throw badNetwork(text, `"${key}" is not known`, `there are ${Object.keys(setters).join(', ')}`);
    fields = set(value, fields);
  }
  return { attachment: { ...request.attachment, ...fields } };
}

function keyAndValue(text: string, field: string): [string, string] {
  const equals = field.indexOf('=');
  if (equals > 0) return [field.slice(0, equals).trim(), field.slice(equals + 1).trim()];
  throw badNetwork(text, `"${field}" is not KEY=VALUE`, 'write name=NETWORK,alias=NAME,ip=ADDRESS');
}

/** `KEY=VALUE` of a network's driver. Throws `invalid`. */
export function parseDriverOption(text: string): Record<string, string> {
  const equals = text.indexOf('=');
  if (equals > 0) return { [text.slice(0, equals).trim()]: text.slice(equals + 1).trim() };
  throw new EngineError('invalid', `invalid driver option: "${text}"`, {
    subject: text,
    hint: 'write KEY=VALUE',
  });
}

/**
 * Refuses a link-local address: Docker keeps these for its driver of Windows and hands them to no other. Throws
 * `unsupported`.
 */
export function refuseLinkLocal(text: string): never {
  throw new EngineError('unsupported', 'link-local addresses cannot be chosen', {
    subject: text,
    hint: 'the kernel gives each interface its IPv6 link-local address; use ip and ip6 for others',
  });
}

function badNetwork(text: string, reason: string, hint: string): EngineError {
  return new EngineError('invalid', `invalid network "${text}": ${reason}`, { subject: text, hint });
}
