import type { BlockList } from 'node:net';
import { EngineError } from '../errors.ts';

/** Decides which registries may be talked to without TLS, or with certificates that nobody vouches for. */
export class HostPolicy {
  readonly #names = new Set<string>();
  readonly #networks: string[] = [];

  /** `insecure`: `host`, `host:port` or, for registries named by address, `network/prefix`. Throws `invalid`. */
  constructor(insecure: readonly string[]) {
    for (const entry of insecure) {
      const text = entry.trim().toLowerCase();
      if (!text.includes('/')) this.#names.add(text);
      else this.#addNetwork(text);
    }
  }

  /**
   * Any certificate is accepted, and plain HTTP when TLS is not spoken: named insecure by the user, or on this machine,
   * as with Docker.
   */
  isInsecure(url: URL): boolean {
    const names = [url.host, ...(url.port === '' ? [`${url.hostname}:${portOf(url)}`] : [])];
    if (isLoopback(url) || names.some((name) => this.#names.has(name))) return true;
    return this.#networks.some((network) => isInNetwork(addressOf(url), network));
  }

  #addNetwork(text: string): void {
    if (networkOf(text) === undefined) {
      throw new EngineError('invalid', `insecure registry "${text}" is neither a host nor a network`, {
        hint: 'name it as in image names, without https:// or a path: host, host:port, or a network as in 10.0.0.0/8',
      });
    }
    this.#networks.push(text);
  }
}

/** `localhost`, 127.0.0.0/8 and ::1. */
export function isLoopback(url: URL): boolean {
  const { hostname } = url;
  // A URL has its address in one form only (URL Standard, host parsing), and no name ends in a number.
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

/** The host of a URL, an IPv6 address without its brackets. */
export function addressOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/** The port that a URL leads to, whether it is written or not. */
export function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}

/** Whether a URL leads to an address instead of a name. */
export function isAddress({ hostname }: URL): boolean {
  return hostname.startsWith('[') || /^\d+(\.\d+){3}$/.test(hostname);
}

/** On first use: few name networks, and node:net, with the streams, costs Bun 5 ms to load. */
function net(): typeof import('node:net') {
  return process.getBuiltinModule('node:net');
}

/** Whether a host is an address of a network such as `10.0.0.0/8`; what is neither of the two is in none. */
export function isInNetwork(host: string, network: string): boolean {
  const family = net().isIP(host);
  return family !== 0 && networkOf(network)?.check(host, family === 6 ? 'ipv6' : 'ipv4') === true;
}

function networkOf(text: string): BlockList | undefined {
  const [, address = '', prefix] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const { BlockList: List, isIP } = net();
  const family = isIP(address);
  if (family === 0 || Number(prefix) > (family === 6 ? 128 : 32)) return undefined;
  const network = new List();
  network.addSubnet(address, Number(prefix), family === 6 ? 'ipv6' : 'ipv4');
  return network;
}
