import { EngineError } from '../../errors.ts';

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

/** A whole decimal number, negative ones included. Throws `invalid`. */
export function integer(value: string): number {
  if (/^[+-]?\d{1,15}$/.test(value)) return Number(value);
  throw new EngineError('invalid', `"${value}" is not a whole number`, { subject: value });
}
