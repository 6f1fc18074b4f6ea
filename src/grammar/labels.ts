import { EngineError } from '../errors.ts';
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

/**
 * Collects `--label KEY[=VALUE]`. Blanks before the name are part of it, as in Docker; a name of nothing else, and one with
 * blanks further on, is none. Throws `invalid`.
 */
export function collectLabel(text: string, previous?: Labels): Labels {
  const name = text.split('=', 1)[0]?.replace(/^[ \t]+/, '') ?? '';
  if (/[ \t]/.test(name))
    throw new EngineError('invalid', `the name of label "${text}" has blanks in it`, {
      subject: text,
      hint: 'write KEY=VALUE',
    });
  return collectPair('label')(name === '' ? text.trimStart() : text, previous);
}

/** Collects `--label-file`; a line without `=` is none, as for Docker. Throws as `readKeyValueFile`. */
export function collectLabelFile(path: string, previous: Labels = {}): Labels {
  const pairs = readKeyValueFile(path, 'label file').flatMap(({ key, value }) =>
    value === undefined ? [] : [[key, value] as const],
  );
  return { ...previous, ...Object.fromEntries(pairs) };
}
