import { EngineError } from '../../errors.ts';
import { readKeyValueFile } from './key-value-file.ts';

/**
 * Collects `-e`: `KEY=VALUE` as it is; `KEY` alone takes this process's value, and is left out when there is none.
 * Throws `invalid` for a missing key.
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
  return value === undefined ? previous : [...previous, `${entry}=${value}`];
}

/** Collects `--env-file`: what `-e` would say, line by line. Throws as `readKeyValueFile`. */
export function environmentFile(path: string, previous: string[] = []): string[] {
  const entries = readKeyValueFile(path, 'env file').flatMap(({ key, value = process.env[key] }) =>
    value === undefined ? [] : [`${key}=${value}`],
  );
  return [...previous, ...entries];
}
