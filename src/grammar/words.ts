import { EngineError } from '../errors.ts';

/** A parser for options that take one of a few words. Throws `invalid`, naming them. */
export function oneOf<Word extends string>(...words: readonly Word[]): (value: string) => Word {
  return (value) => {
    const word = words.find((candidate) => candidate === value);
    if (word !== undefined) return word;
    throw new EngineError('invalid', `"${value}" is not known here`, {
      subject: value,
      hint: `use ${words.join(' or ')}`,
    });
  };
}

/**
 * A parser for a switch that may say how: the first word when it is switched on and no more is said, false when it is
 * switched off. Throws as `oneOf`.
 */
export function switchOf<Word extends string>(
  usual: Word,
  ...others: readonly Word[]
): (text: string) => Word | false {
  return (text) => {
    const isOn = booleanWord(text);
    return isOn === undefined ? oneOf(usual, ...others)(text) : isOn && usual;
  };
}

/** A whole decimal number, negative ones included. Throws `invalid`. */
export function integer(value: string): number {
  if (/^[+-]?\d{1,15}$/.test(value)) return Number(value);
  throw new EngineError('invalid', `"${value}" is not a whole number`, { subject: value });
}

/** A parser for a whole number that is not negative; `what` names it in the error. Throws `invalid`. */
export function natural(what: string): (text: string) => number {
  return (text) => {
    if (/^\+?\d{1,15}$/.test(text)) return Number(text);
    throw new EngineError('invalid', `invalid ${what}: "${text}"`, {
      subject: text,
      hint: 'write a whole number, not negative',
    });
  };
}

/** Collects the values of an option that can be repeated, each as `parse` reads it. */
export function listOf<Value>(parse: (text: string) => Value): (text: string, previous?: Value[]) => Value[] {
  return (text, previous = []) => [...previous, parse(text)];
}

/** A parser for text that must not be empty; `what` names it in the error. Throws `invalid`. */
export function some(what: string): (text: string) => string {
  return (text) => {
    if (text !== '') return text;
    throw new EngineError('invalid', `${what} is empty`, { subject: what });
  };
}

/** Parses a boolean as Docker does (Go's strconv.ParseBool); undefined for anything else. */
export function booleanWord(text: string): boolean | undefined {
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
  if (/^(0|f|F|false|FALSE|False)$/.test(text)) return false;
  return undefined;
}
