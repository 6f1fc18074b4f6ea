import { isIP } from 'node:net';
import { EngineError } from '../errors.ts';
import type { ListenAddress } from '../host/listen.ts';

/** The first descriptor that systemd passes on (sd_listen_fds(3)). */
const FIRST_DESCRIPTOR = 3;

/** The longest path of a socket (unix(7), sun_path), without the zero at its end. */
const PATH_MAX = 107;

/** What a process was told of sockets that it was given (sd_listen_fds(3)). */
export interface ActivationEnvironment {
  LISTEN_PID?: string | undefined;
  LISTEN_FDS?: string | undefined;
}

/**
 * Reads an address as dockerd's `-H` has it: `unix:///run/skiff/docker.sock`, `tcp://127.0.0.1:2375`, `fd://`. Throws
 * `invalid`, and `denied` for a TCP address that is not this host's own alone, unless clients show certificates (`tls`).
 */
export function parseListenAddress(
  text: string,
  environment: ActivationEnvironment,
  tls = false,
): ListenAddress[] {
  const [, scheme, rest = ''] = /^([a-z]+):\/\/(.*)$/.exec(text) ?? [];
  if (scheme === 'unix' && rest.startsWith('/')) return [unix(text, rest)];
  if (scheme === 'fd') return inherited(text, environment);
  if (scheme === 'tcp') return [tcp(text, rest, tls)];
  throw invalid(text, 'write unix:///PATH, fd:// or tcp://127.0.0.1:PORT');
}

/** The sockets with which this process was started, if there are any and they are meant for it. */
export function inheritedSockets({ LISTEN_PID, LISTEN_FDS }: ActivationEnvironment): ListenAddress[] {
  const count =
    LISTEN_PID === String(process.pid) && /^\d{1,4}$/.test(LISTEN_FDS ?? '') ? Number(LISTEN_FDS) : 0;
  return Array.from({ length: count }, (_, index) => ({
    kind: 'inherited',
    descriptor: FIRST_DESCRIPTOR + index,
  }));
}

function unix(text: string, path: string): ListenAddress {
  const length = Buffer.byteLength(path);
  if (length <= PATH_MAX) return { kind: 'unix', path };
  throw invalid(text, `the path of a socket has at most ${PATH_MAX} bytes, and this one has ${length}`);
}

function inherited(text: string, environment: ActivationEnvironment): ListenAddress[] {
  const sockets = inheritedSockets(environment);
  if (sockets.length > 0) return sockets;
  throw invalid(text, 'no socket was passed on (LISTEN_FDS): skiff system unit --api prints units that do');
}

function tcp(text: string, rest: string, tls: boolean): ListenAddress {
  const [, host = '', port] =
    /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(rest)?.filter((part) => part !== undefined) ?? [];
  if (port === undefined || Number(port) > 65_535) throw invalid(text, 'write tcp://127.0.0.1:PORT');
  if (!tls && host !== 'localhost' && !isLoopback(host)) {
    throw new EngineError(
      'denied',
      `the service does not listen on ${text}: whoever reaches it is root here`,
      {
        subject: text,
        hint: 'use tcp://127.0.0.1:PORT, or --tlsverify with certificates',
      },
    );
  }
  return { kind: 'tcp', host, port: Number(port), tls };
}

function isLoopback(host: string): boolean {
  return (isIP(host) === 4 && host.startsWith('127.')) || host === '::1';
}

function invalid(text: string, hint: string): EngineError {
  return new EngineError('invalid', `"${text}" is no address to listen on`, { subject: text, hint });
}
