import { EngineError } from '../errors.ts';
import { readKeyValueFile } from './key-value-file.ts';

type Collector = (text: string, previous?: string[]) => string[];

/**
 * Makes a collector of `-e`: `KEY=VALUE` as it is; `KEY` alone takes the value in `own`. When there is none the name
 * stays alone, which takes the variable away from the container, as in Docker. It throws `invalid` for a missing key.
 */
export function environmentEntry(own: Readonly<NodeJS.ProcessEnv>): Collector {
  return (entry, previous = []) => {
    const equals = entry.indexOf('=');
    if (entry === '' || equals === 0) {
      throw new EngineError('invalid', `environment variable "${entry}" has no name`, {
        subject: entry,
        hint: 'write KEY=VALUE',
      });
    }
    if (equals > 0) return [...previous, entry];
    const value = own[entry];
    return [...previous, value === undefined ? entry : `${entry}=${value}`];
  };
}

/**
 * Makes a collector of `--env-file`, line by line; a name alone takes the value in `own`, and is skipped when there is
 * none, as in Docker. It throws as `readKeyValueFile`.
 */
export function environmentFile(own: Readonly<NodeJS.ProcessEnv>): Collector {
  return (path, previous = []) => {
    const entries = readKeyValueFile(path, 'env file').flatMap(({ key, value = own[key] }) =>
      value === undefined ? [] : [`${key}=${value}`],
    );
    return [...previous, ...entries];
  };
}
