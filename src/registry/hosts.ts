import { BlockList, isIP } from 'node:net';
import { EngineError } from '../errors.ts';

/** Which registries may be talked to without TLS, or with certificates that nobody vouches for. */
export class HostPolicy {
  readonly #names = new Set<string>();
  readonly #networks = new BlockList();

  /** `insecure`: `host`, `host:port` or, for registries named by address, `network/prefix`. Throws `invalid`. */
  constructor(insecure: readonly string[]) {
    for (const entry of insecure) {
      const text = entry.trim().toLowerCase();
      if (!text.includes('/')) this.#names.add(text);
      else this.#addNetwork(text);
    }
  }

  /** Named insecure by the user: any certificate is accepted, and plain HTTP when TLS is not spoken. */
  isInsecure(url: URL): boolean {
    if (
      this.#names.has(url.host) ||
      (url.port === '' && this.#names.has(`${url.hostname}:${defaultPort(url)}`))
    ) {
      return true;
    }
    const address = addressOf(url);
    return isIP(address) !== 0 && this.#networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }

  /** Plain HTTP is acceptable: the registry is named insecure, or it runs on this machine. */
  mayBePlain(url: URL): boolean {
    return this.isInsecure(url) || isLoopback(url);
  }

  #addNetwork(text: string): void {
    const [network = '', prefix] = text.split('/');
    try {
      this.#networks.addSubnet(network, Number(prefix), isIP(network) === 6 ? 'ipv6' : 'ipv4');
    } catch (cause) {
      throw new EngineError('invalid', `insecure registry "${text}" is neither a host nor a network`, {
        cause,
      });
    }
  }
}

/** `localhost`, 127.0.0.0/8 and ::1. */
export function isLoopback(url: URL): boolean {
  const address = addressOf(url);
  return (
    url.hostname === 'localhost' || address === '::1' || (isIP(address) === 4 && address.startsWith('127.'))
  );
}

function addressOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function defaultPort(url: URL): number {
  return url.protocol === 'https:' ? 443 : 80;
}
