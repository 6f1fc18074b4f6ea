import { readFileSync, statSync } from 'node:fs';
import { EngineError } from '../../errors.ts';

/** Where a secret comes from: read when it is wanted. `ask`: undefined when there is none. */
export type SecretSource = { file: string } | { value: string } | { ask(): Promise<Uint8Array | undefined> };

/** Those that a build was given, or whose giver can be asked for, by id. */
export interface Secrets {
  get(id: string): SecretSource | undefined;
}

/** As in Docker a secret has 500 kB at most. */
const SECRET_MAX = 500 * 1024;

/** Reads a secret; undefined: the build has none of this name. Throws `invalid` for a file that cannot be read, or is too large. */
export async function readSecret(secrets: Secrets | undefined, id: string): Promise<Uint8Array | undefined> {
  const source = secrets?.get(id);
  if (source === undefined) return undefined;
  if ('value' in source) return Buffer.from(source.value);
  if ('ask' in source) return await source.ask();
  try {
    const { size } = statSync(source.file);
    if (size > SECRET_MAX) throw new Error(`it is larger than ${SECRET_MAX} bytes`);
    return readFileSync(source.file);
  } catch (cause) {
    throw new EngineError('invalid', `cannot read secret ${id}: ${(cause as Error).message}`, {
      subject: source.file,
      cause,
    });
  }
}
