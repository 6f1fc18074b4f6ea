import { EngineError } from '../errors.ts';
import { type FailureReason, TransportFailure } from './errors.ts';
import type { HostPolicy } from './hosts.ts';
import { answersInPlainHttp } from './plain-probe.ts';
import { drain, type Transport } from './transport.ts';

/** The name that users write → the host that serves it. */
const SERVED_BY: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };
/** The time in ms that a server without TLS may take to say so, before plain HTTP is tried. */
const PROBE_TIMEOUT = 5_000;

/** The host, and the port if one is written, that serves a registry. */
export function hostOf(domain: string): string {
  return SERVED_BY[domain] ?? domain;
}

/**
 * Finds out how registries are reached: HTTPS, except for insecure ones that only speak plain HTTP. One that answers a TLS
 * handshake in HTTP is known at once; of all others a request over HTTPS tells.
 */
export class Endpoints {
  readonly #transport: Transport;
  readonly #hosts: HostPolicy;
  readonly #known = new Map<string, Promise<URL>>();

  constructor(transport: Transport, hosts: HostPolicy) {
    this.#transport = transport;
    this.#hosts = hosts;
  }

  /** `https://host[:port]/` or `http://…` of a registry, found out once. Throws TransportFailure. */
  base(domain: string): Promise<URL> {
    let base = this.#known.get(domain);
    if (base === undefined) {
      base = this.#find(domain);
      this.#known.set(domain, base);
      base.catch(() => this.#known.delete(domain));
    }
    return base;
  }

  async #find(domain: string): Promise<URL> {
    const host = hostOf(domain);
    if (!URL.canParse(`https://${host}/`)) {
      throw new EngineError('invalid', `"${domain}" cannot be the address of a registry`, {
        subject: domain,
      });
    }
    const secure = new URL(`https://${host}/`);
    if (!this.#hosts.isInsecure(secure)) return secure;
    const plain = new URL(`http://${host}/`);
    const direct =
      this.#transport.proxyOf(plain) === undefined && this.#transport.proxyOf(secure) === undefined;
    if (direct && secure.port !== '' && (await answersInPlainHttp(secure))) return plain;
    try {
      const url = new URL('/v2/', secure);
      await drain(await this.#transport.send({ method: 'GET', url, answerTimeout: PROBE_TIMEOUT }));
      return secure;
    } catch (error) {
      if (!(error instanceof TransportFailure)) throw error;
      // What a proxy reaches may well be out of reach for this machine.
      const otherWay = this.#transport.proxyOf(plain) !== this.#transport.proxyOf(secure);
      if (isFinal(error.reason, secure, otherWay)) throw error;
      return plain;
    }
  }
}

/**
 * Whether plain HTTP would not help: the host speaks TLS, or is not there, or has nobody on this port. (Without a port
 * HTTPS and HTTP have different ones.)
 */
function isFinal(reason: FailureReason, url: URL, otherWay: boolean): boolean {
  switch (reason) {
    case 'unknownHost':
      return !otherWay;
    case 'refused':
    case 'unreachable':
      return !otherWay && url.port !== '';
    case 'notTls':
    case 'broken':
    case 'timeout':
    case 'other':
      return false;
    default:
      return true;
  }
}
