import { EngineError } from '../../errors.ts';
import { booleanWord } from '../../grammar/words.ts';

/** A parser for the value of a switch that is on unless it is switched off; `flag` names it. Throws `invalid`. */
export function booleanSwitch(flag: string): (text: string) => boolean {
  return (text) => {
    const value = booleanWord(text);
    if (value !== undefined) return value;
    throw new EngineError('invalid', `invalid boolean value "${text}" for ${flag}`, { subject: text });
  };
}
