import { lookup } from 'node:dns/promises';
import { EngineError } from '../errors.ts';

/** The address that the host's resolver gives a name; a number is its own address. Throws `notFound` when it has none. */
export async function resolveHost(name: string): Promise<{ address: string; family: number }> {
  try {
    return await lookup(name);
  } catch (cause) {
    throw new EngineError('notFound', `host ${name} has no address: ${(cause as Error).message}`, {
      subject: name,
      cause,
    });
  }
}
