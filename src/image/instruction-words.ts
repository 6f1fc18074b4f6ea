import { EngineError } from '../errors.ts';

/** Values of variables by name; undefined: there is none. */
export type Variables = (name: string) => string | undefined;

/**
 * Expands `$NAME`, `${NAME}`, `${NAME:-word}`, `${NAME:+word}` and `${NAME:?word}` and takes quotes and backslashes away,
 * as a Dockerfile has it ("Environment replacement"): nothing within single quotes; between double quotes a backslash
 * stands for itself, but before `"`, `$` and another one. Throws `invalid` for what has no end.
 */
export function expandWord(text: string, variables: Variables): string {
  return new Expansion(text, variables).toEnd();
}

class Expansion {
  readonly #text: string;
  readonly #variables: Variables;
  #at = 0;

  constructor(text: string, variables: Variables) {
    this.#text = text;
    this.#variables = variables;
  }

  toEnd(): string {
    return this.#until('');
  }

  /** Up to a character, which is passed; '' is the end. */
  #until(end: string): string {
    let result = '';
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] as string;
      if (character === end) {
        this.#at += 1;
        return result;
      }
      result += this.#next(character);
    }
    if (end !== '') throw this.#wrong(`"${end}" is missing`);
    return result;
  }

  #next(character: string): string {
    if (character === "'") return this.#singleQuoted();
    if (character === '"') return this.#doubleQuoted();
    if (character === '$') return this.#variable();
    this.#at += 1;
    if (character !== '\\') return character;
    this.#at += 1;
    // At the end of the word it escapes nothing.
    return this.#text[this.#at - 1] ?? '';
  }

  #singleQuoted(): string {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end < 0) throw this.#wrong("the closing ' is missing");
    const inside = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return inside;
  }

  #doubleQuoted(): string {
    let result = '';
    this.#at += 1;
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] as string;
      if (character === '$') {
        result += this.#variable();
        continue;
      }
      this.#at += 1;
      if (character === '"') return result;
      const next = this.#text[this.#at];
      if (character === '\\' && (next === '"' || next === '$' || next === '\\')) {
        result += next;
        this.#at += 1;
      } else result += character;
    }
    throw this.#wrong('the closing " is missing');
  }

  #variable(): string {
    this.#at += 1;
    if (this.#text[this.#at] === '{') return this.#braced();
    const name = this.#name();
    return name === '' ? this.#special() : (this.#variables(name) ?? '');
  }

  /** `$1`, `$$` and the like, which are empty outside of a shell; any other `$` stands for itself. */
  #special(): string {
    if (!/[@*#?$!0-9-]/.test(this.#text[this.#at] ?? '')) return '$';
    this.#at += 1;
    return '';
  }

  #name(): string {
    const name = /^[A-Za-z_][A-Za-z0-9_]*/.exec(this.#text.slice(this.#at))?.[0] ?? '';
    this.#at += name.length;
    return name;
  }

  #braced(): string {
    this.#at += 1;
    const name = this.#name();
    const value = this.#variables(name);
    const operator = this.#text.slice(this.#at, this.#at + 2);
    if (name !== '' && operator.startsWith('}')) {
      this.#at += 1;
      return value ?? '';
    }
    if (name === '' || !/^:[-+?]$/.test(operator)) {
      throw this.#wrong('in braces a name stands first, then "}", ":-", ":+" or ":?"');
    }
    this.#at += 2;
    const word = this.#until('}');
    if (operator === ':+') return value ? word : '';
    if (value) return value;
    if (operator === ':-') return word;
    throw this.#wrong(`${name} is not set${word === '' ? '' : `: ${word}`}`);
  }

  #wrong(why: string): EngineError {
    return new EngineError('invalid', `"${this.#text}" cannot be expanded: ${why}`, { subject: this.#text });
  }
}

/** Splits at blanks outside of quotes; quotes and backslashes stay. */
export function splitWords(text: string): string[] {
  return text.match(/(?:\\.|'[^']*'?|"(?:\\.|[^"\\])*"?|[^\s'"\\]|\\$)+/gs) ?? [];
}
