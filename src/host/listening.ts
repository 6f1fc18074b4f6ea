import type { Server } from 'node:http';
import { EngineError } from '../errors.ts';

/** A server that listens. */
export interface Listening {
  /** What the address is called, with the port that it got. */
  name: string;
  /** Takes no more connections, and removes what was made for them; those there are stay. */
  stop(): void;
}

/**
 * Resolves once a server listens, which `begin` has it do. Throws `conflict` when somebody else listens there, `unavailable`
 * when it is impossible.
 */
export async function untilListening(server: Server, name: string, begin: () => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.once('listening', resolve);
  try {
    begin();
    await promise;
  } catch (cause) {
    throw (cause as NodeJS.ErrnoException).code === 'EADDRINUSE' ? taken(name) : impossible(name, cause);
  } finally {
    server.off('error', reject);
  }
}

export function taken(name: string): EngineError {
  return new EngineError('conflict', `another process listens on ${name} already`, {
    subject: name,
    hint: 'stop it, or choose another address with -H',
  });
}

export function impossible(name: string, cause: unknown): EngineError {
  return new EngineError('unavailable', `cannot listen on ${name}: ${(cause as Error).message}`, {
    subject: name,
    cause,
  });
}
