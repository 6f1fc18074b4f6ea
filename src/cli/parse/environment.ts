import { EngineError } from '../../errors.ts';
import { readKeyValueFile } from './key-value-file.ts';

/**
 * Collects `-e`: `KEY=VALUE` as it is; `KEY` alone takes this process's value. When there is none the name stays alone,
 * which takes the variable away from the container, as in Docker. Throws `invalid` for a missing key.
 */
export function environmentEntry(entry: string, previous: string[] = []): string[] {
  const equals = entry.indexOf('=');
  if (entry === '' || equals === 0) {
    throw new EngineError('invalid', `environment variable "${entry}" has no name`, {
      subject: entry,
      hint: 'write KEY=VALUE',
    });
  }
  if (equals > 0) return [...previous, entry];
  const value = process.env[entry];
  return [...previous, value === undefined ? entry : `${entry}=${value}`];
}

/**
 * Collects `--env-file`, line by line; a name alone takes this process's value, and is skipped when there is none, as in
 * Docker. Throws as `readKeyValueFile`.
 */
export function environmentFile(path: string, previous: string[] = []): string[] {
  const entries = readKeyValueFile(path, 'env file').flatMap(({ key, value = process.env[key] }) =>
    value === undefined ? [] : [`${key}=${value}`],
  );
  return [...previous, ...entries];
}
