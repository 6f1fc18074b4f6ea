import { isIP } from 'node:net';
import { EngineError } from '../errors.ts';
import type { InheritedSocket, ListenAddress } from '../host/listen.ts';

/** The first descriptor that systemd passes on (sd_listen_fds(3)). */
const FIRST_DESCRIPTOR = 3;

/** The longest path of a socket (unix(7), sun_path), without the zero at its end. */
const PATH_MAX = 107;

/** What a process was told of sockets that it was given (sd_listen_fds(3)). */
export interface ActivationEnvironment {
  LISTEN_PID?: string | undefined;
  LISTEN_FDS?: string | undefined;
  LISTEN_FDNAMES?: string | undefined;
}

/** What they are called, to be taken from the environment of whatever this process starts. */
export const ACTIVATION_VARIABLES = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID'] as const;

/**
 * Reads an address as dockerd's `-H` has it: `unix:///run/skiff/docker.sock`, `tcp://127.0.0.1:2375`, `fd://` for all sockets
 * that were handed down, `fd://3` and `fd://NAME` for some. Throws `invalid`, and `denied` for a TCP address that is not this
 * host's own alone, unless clients show certificates (`tls`).
 */
export function parseListenAddress(
  text: string,
  environment: ActivationEnvironment,
  tls = false,
): ListenAddress[] {
  const [, scheme, rest = ''] = /^([a-z]+):\/\/(.*)$/.exec(text) ?? [];
  if (scheme === 'unix' && rest.startsWith('/')) return [unix(text, rest)];
  if (scheme === 'fd') return inherited(text, rest, environment);
  if (scheme === 'tcp') return [tcp(text, rest, tls)];
  throw invalid(text, 'write unix:///PATH, fd:// or tcp://127.0.0.1:PORT');
}

/**
 * The sockets with which this process was started, if there are any and they are meant for it. Throws `invalid` when it was
 * told nonsense of them.
 */
export function inheritedSockets({ LISTEN_PID, LISTEN_FDS = '' }: ActivationEnvironment): InheritedSocket[] {
  if (LISTEN_PID !== String(process.pid)) return [];
  if (!/^\d{1,4}$/.test(LISTEN_FDS))
    throw new EngineError('invalid', `LISTEN_FDS is to be the number of sockets, and is "${LISTEN_FDS}"`);
  return Array.from({ length: Number(LISTEN_FDS) }, (_, index) => ({
    kind: 'inherited',
    descriptor: FIRST_DESCRIPTOR + index,
  }));
}

function unix(text: string, path: string): ListenAddress {
  const length = Buffer.byteLength(path);
  if (length <= PATH_MAX) return { kind: 'unix', path };
  throw invalid(text, `the path of a socket has at most ${PATH_MAX} bytes, and this one has ${length}`);
}

function inherited(text: string, which: string, environment: ActivationEnvironment): InheritedSocket[] {
  const sockets = inheritedSockets(environment);
  if (sockets.length === 0) throw invalid(text, noneFor(environment));
  if (which === '' || which === '*') return sockets;
  const names = environment.LISTEN_FDNAMES?.split(':') ?? [];
  const found = sockets.filter(
    ({ descriptor }, index) => String(descriptor) === which || names[index] === which,
  );
  if (found.length > 0) return found;
  const known = sockets.map(({ descriptor }, index) =>
    [descriptor, ...(names[index] ? [names[index]] : [])].join(' or '),
  );
  throw invalid(text, `these were passed on: ${known.join(', ')}`);
}

function noneFor({ LISTEN_PID }: ActivationEnvironment): string {
  if (LISTEN_PID === undefined || LISTEN_PID === String(process.pid))
    return 'no socket was passed on (LISTEN_FDS): skiff system unit --api prints units that do';
  return `the sockets of LISTEN_FDS are for process ${LISTEN_PID} (LISTEN_PID), and this one is ${process.pid}`;
}

function tcp(text: string, rest: string, tls: boolean): ListenAddress {
  const [, host = '', port] =
    /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(rest)?.filter((part) => part !== undefined) ?? [];
  if (port === undefined || Number(port) > 65_535) throw invalid(text, 'write tcp://127.0.0.1:PORT');
  if (!tls) requireLoopback(text, host);
  return { kind: 'tcp', host, port: Number(port), tls };
}

function requireLoopback(text: string, host: string): void {
  if (host === 'localhost' || isLoopback(host)) return;
  throw new EngineError('denied', `the service does not listen on ${text}: whoever reaches it is root here`, {
    subject: text,
    hint: 'use tcp://127.0.0.1:PORT, or --tlsverify with certificates',
  });
}

function isLoopback(host: string): boolean {
  return (isIP(host) === 4 && host.startsWith('127.')) || host === '::1';
}

function invalid(text: string, hint: string): EngineError {
  return new EngineError('invalid', `"${text}" is no address to listen on`, { subject: text, hint });
}
