import type { PortMapping, Protocol } from '../engine/options/create.ts';
import { EngineError } from '../errors.ts';
import { parseAddress } from '../network/address/address.ts';

const PORT_MAX = 65_535;
const ANY: Range = { first: 0, last: 0 };

type ExposedPort = Pick<PortMapping, 'protocol'> & { port: number };

interface Range {
  first: number;
  last: number;
}

/**
 * `-p` in all its forms: `[[ADDRESS:][HOST-PORT[-LAST]]:]PORT[-LAST][/PROTOCOL]`, IPv6 with or without brackets, or
 * `target=PORT,published=PORT,protocol=WORD,mode=host`. One of these for each port of the container. Throws `invalid`.
 */
export function parsePublish(text: string): PortMapping[] {
  if (text.includes('=')) return [parseLongPublish(text)];
  const parts = text.split(':');
  const [ports = '', hostPort = ''] = parts.reverse();
  const address = parts.slice(2).reverse().join(':');
  const { range, protocol } = portsAndProtocol(text, ports);
  const hostAddress = parts.length > 2 && address !== '' ? bareAddress(text, address) : undefined;
  return mappings(text, { range, protocol, hostAddress, hostPorts: hostPorts(text, hostPort) });
}

/** `--expose PORT[-LAST][/PROTOCOL]`. Throws `invalid`. */
export function parseExpose(text: string): ExposedPort[] {
  const { range, protocol } = portsAndProtocol(text, text);
  return numbers(range).map((port) => ({ protocol, port }));
}

interface Publication {
  range: Range;
  protocol: Protocol;
  hostAddress?: string | undefined;
  /** Absent: any. */
  hostPorts?: Range | undefined;
}

/** A range of the host has a port for each of the container's, or offers several to a single one. */
function mappings(
  text: string,
  { range, protocol, hostAddress, hostPorts: host }: Publication,
): PortMapping[] {
  const [count, offered] = [size(range), host === undefined || host === ANY ? undefined : size(host)];
  if (offered !== undefined && count > 1 && offered !== count) {
    throw invalid(text, `${offered} ports of the host cannot be published as ${count} of the container`, {
      hint: 'give ranges of the same length',
    });
  }
  return numbers(range).map((containerPort, index) => {
    const first = host === undefined ? undefined : host.first + (count > 1 && host !== ANY ? index : 0);
    return {
      protocol,
      containerPort,
      ...(hostAddress === undefined ? {} : { hostAddress }),
      ...(host === undefined || first === undefined
        ? {}
        : { hostPorts: { first, last: count > 1 ? first : host.last } }),
    };
  });
}

function parseLongPublish(text: string): PortMapping {
  const fields = new Map<string, string>();
  for (const field of text.split(',')) {
    const [, key = '', value = ''] = /^\s*([^=]*?)\s*=\s*(.*?)\s*$/.exec(field) ?? [];
    if (!['target', 'published', 'protocol', 'mode', 'host_ip'].includes(key)) {
      throw invalid(text, `"${field}" is not known here`, {
        hint: 'the long form has target=, published=, protocol=, host_ip= and mode=host',
      });
    }
    fields.set(key, value);
  }
  const mode = fields.get('mode');
  if (mode !== undefined && mode !== 'host') {
    throw invalid(
      text,
      mode === 'ingress' ? 'there is no swarm to publish it on' : `mode "${mode}" is not known`,
      {
        hint: 'leave mode out, or write mode=host',
      },
    );
  }
  const target = fields.get('target') ?? '';
  if (target === '')
    throw invalid(text, 'it does not say which port of the container', { hint: 'add target=PORT' });
  const range = portRange(text, target);
  const protocol = protocolOf(text, fields.get('protocol') || 'tcp');
  const address = fields.get('host_ip') ?? '';
  const [mapping] = mappings(text, {
    range: { first: range.first, last: range.first },
    protocol,
    hostAddress: address === '' ? undefined : bareAddress(text, address),
    hostPorts: hostPorts(text, fields.get('published') ?? ''),
  });
  if (mapping === undefined || range.last !== range.first)
    throw invalid(text, 'the long form has no ranges', { hint: 'write -p HOST-PORTS:PORTS' });
  return mapping;
}

function portsAndProtocol(text: string, ports: string): { range: Range; protocol: Protocol } {
  const [, range = '', protocol = 'tcp'] = /^([^/]*)(?:\/(.*))?$/s.exec(ports) ?? [];
  if (range === '') throw invalid(text, 'it names no port of the container');
  return { range: portRange(text, range), protocol: protocolOf(text, protocol || 'tcp') };
}

function protocolOf(text: string, word: string): Protocol {
  const protocol = (['tcp', 'udp', 'sctp'] as const).find((name) => name === word.toLowerCase());
  if (protocol !== undefined) return protocol;
  throw invalid(text, `protocol "${word}" is not known`, { hint: 'use tcp, udp or sctp' });
}

/** 0 is no port of a container. */
function portRange(text: string, ports: string): Range {
  const range = readRange(ports);
  if (range !== undefined && range.first > 0) return range;
  throw invalid(text, `"${ports}" is neither a port nor a range of ports`);
}

/** A 0 means any port, as if nothing were said; it is kept, as Docker shows it. */
function hostPorts(text: string, ports: string): Range | undefined {
  if (ports === '') return undefined;
  return /^0{1,5}$/.test(ports) ? ANY : portRange(text, ports);
}

function readRange(ports: string): Range | undefined {
  const found = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(ports);
  const [first, last] = [Number(found?.[1]), Number(found?.[2] ?? found?.[1])];
  return found === null || last > PORT_MAX || first > last ? undefined : { first, last };
}

/** Returns an address without the brackets that IPv6 may have. */
function bareAddress(text: string, address: string): string {
  const bare = /^\[(.*:.*)\]$/.exec(address)?.[1] ?? address;
  if (parseAddress(bare) !== undefined) return bare;
  throw invalid(text, `"${address}" is not an address`, { hint: 'names of hosts cannot stand there' });
}

function size({ first, last }: Range): number {
  return last - first + 1;
}

function numbers(range: Range): number[] {
  return Array.from({ length: size(range) }, (_, index) => range.first + index);
}

function invalid(text: string, reason: string, { hint }: { hint?: string } = {}): EngineError {
  return new EngineError('invalid', `invalid port "${text}": ${reason}`, {
    subject: text,
    hint:
      hint ?? 'write PORT, HOST-PORT:PORT or ADDRESS:HOST-PORT:PORT, with /udp or /sctp when it is not TCP',
  });
}
