import { EngineError } from '../../errors.ts';

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
