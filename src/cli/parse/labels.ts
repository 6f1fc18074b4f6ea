import { EngineError } from '../../errors.ts';
import { readKeyValueFile } from './key-value-file.ts';

export type Labels = Record<string, string>;

/** Collects `-l KEY[=VALUE]` and its kind; without a value it is empty. `what` names it in errors. Throws `invalid`. */
export function collectPair(what: string): (text: string, previous?: Labels) => Labels {
  return (text, previous = {}) => {
    const equals = text.indexOf('=');
    const key = equals < 0 ? text : text.slice(0, equals);
    if (key === '')
      throw new EngineError('invalid', `${what} "${text}" has no name`, {
        subject: text,
        hint: 'write KEY=VALUE',
      });
    return { ...previous, [key]: equals < 0 ? '' : text.slice(equals + 1) };
  };
}

/** Collects `--label-file`. Throws as `readKeyValueFile`. */
export function collectLabelFile(path: string, previous: Labels = {}): Labels {
  const pairs = readKeyValueFile(path, 'label file');
  return { ...previous, ...Object.fromEntries(pairs.map(({ key, value = '' }) => [key, value])) };
}
