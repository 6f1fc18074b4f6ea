import { isEndless, parsePattern, replaced, withoutPrefix, withoutSuffix } from './pattern.ts';

/** Values of variables by name; undefined: there is none. */
export type Variables = (name: string) => string | undefined;

/** How a text is expanded. */
export interface ExpandOptions {
  variables: Variables;
  /** What takes the meaning away from the character behind it: a backslash, or what the directive `escape` says. */
  escape?: string | undefined;
  /** `remove`: understood and taken away, as escapes; `keep`: both are kept; `ignore`: characters as any other. */
  quotes?: 'remove' | 'keep' | 'ignore' | undefined;
  /** Whether a variable that is not there stays as it is written; otherwise it is empty. */
  keepUnset?: boolean | undefined;
}

/** What became of a text. */
export interface Expanded {
  text: string;
  /** The text at its blanks, but for those in quotes: also the value of a variable becomes words. */
  words: readonly string[];
  /** Names of the variables that were there. */
  used: ReadonlySet<string>;
  /** Names of those that were not, and for which the text had no default. */
  missing: ReadonlySet<string>;
}

/** Why a text cannot be expanded, and where in it, from 0. */
export class ExpansionError extends Error {
  override readonly name = 'ExpansionError';
  readonly offset: number;

  constructor(why: string, offset: number) {
    super(why);
    this.offset = offset;
  }
}

/**
 * Expands variables as a Dockerfile has it ("Environment replacement"), and takes quotes and escapes away: nothing is
 * special within single quotes; between double quotes the escape stands for itself, but before `"`, `$` and another one.
 * Throws {@link ExpansionError} for what has no end, for an operator that there is not, and for `${x:?why}`.
 */
export function expand(text: string, options: ExpandOptions): Expanded {
  return new Expansion(text, options).whole();
}

type End = '' | '}' | '/';

/** The longest result, in characters: as long as a Dockerfile. Values that double in each line have no end. */
const LONGEST = 2 * 1024 * 1024;

/** As deep as anybody nests braces, and far from where the stack ends. */
const DEEPEST = 100;

/** Steps of matching after which nobody waits any more: some seconds, during which nothing else is heard. */
const STEPS_MAX = 2 ** 27;

class Expansion {
  readonly #text: string;
  readonly #variables: Variables;
  readonly #escape: string;
  readonly #quotes: 'remove' | 'keep' | 'ignore';
  readonly #keepUnset: boolean;
  readonly #used = new Set<string>();
  readonly #missing = new Set<string>();
  #at = 0;
  #depth = 0;

  constructor(text: string, options: ExpandOptions) {
    this.#text = text;
    this.#variables = options.variables;
    this.#escape = options.escape ?? '\\';
    this.#quotes = options.quotes ?? 'remove';
    this.#keepUnset = options.keepUnset ?? false;
  }

  whole(): Expanded {
    const words = new Words();
    const text = this.#until('', false, words);
    return { text, words: words.all(), used: this.#used, missing: this.#missing };
  }

  /** Up to a character, which is passed; '' is the end. Patterns keep what is escaped. */
  #until(end: End, keepEscapes: boolean, words = new Words()): string {
    const begin = this.#at;
    let result = '';
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] as string;
      if (character === end) {
        this.#at += 1;
        return result;
      }
      const part = this.#next(character, keepEscapes);
      result = this.#joined(result, part.text);
      words.add(part.text, part.isWhole);
    }
    if (end !== '') throw new ExpansionError(`"${end}" is missing`, begin);
    return result;
  }

  #joined(text: string, more: string): string {
    if (text.length + more.length > LONGEST) throw tooLong();
    return text + more;
  }

  /** `isWhole`: blanks in it separate nothing. */
  #next(character: string, keepEscapes: boolean): { text: string; isWhole: boolean } {
    if (character === "'" && this.#quotes !== 'ignore') return { text: this.#singleQuoted(), isWhole: true };
    if (character === '"' && this.#quotes !== 'ignore') return { text: this.#doubleQuoted(), isWhole: true };
    if (character === '$') return { text: this.#variable(), isWhole: false };
    this.#at += 1;
    if (character !== this.#escape) return { text: character, isWhole: false };
    // At the end it escapes nothing.
    const escaped = this.#text[this.#at] ?? '';
    this.#at += 1;
    const isKept = escaped !== '' && (keepEscapes || this.#quotes === 'keep');
    return { text: isKept ? character + escaped : escaped, isWhole: escaped !== '' };
  }

  #singleQuoted(): string {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end < 0) throw new ExpansionError("the closing ' is missing", this.#at);
    const inside = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return this.#quotes === 'keep' ? `'${inside}'` : inside;
  }

  #doubleQuoted(): string {
    const begin = this.#at;
    let result = '';
    this.#at += 1;
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] as string;
      if (character === '$') {
        result = this.#joined(result, this.#variable());
        continue;
      }
      this.#at += 1;
      if (character === '"') return this.#quotes === 'keep' ? `"${result}"` : result;
      const next = this.#text[this.#at];
      if (character !== this.#escape) result += character;
      else if (next === '"' || next === '$' || next === this.#escape) {
        result += this.#quotes === 'keep' ? character + next : next;
        this.#at += 1;
      } else if (next !== undefined) result += character;
    }
    throw new ExpansionError('the closing " is missing', begin);
  }

  #variable(): string {
    this.#at += 1;
    if (this.#text[this.#at] === '{') return this.#nested();
    const name = this.#name();
    if (name === '') return '$';
    const value = this.#valueOf(name);
    if (value === undefined) this.#missing.add(name);
    return value ?? (this.#keepUnset ? `$${name}` : '');
  }

  /** Also `1`, `@` and the like, which a shell has, and a Dockerfile has not: they are never set. */
  #name(): string {
    const rest = /(?:\d+|[@*#?$!-]|[\p{L}_][\p{L}\p{Nd}_]*)/uy;
    rest.lastIndex = this.#at;
    const name = rest.exec(this.#text)?.[0] ?? '';
    this.#at += name.length;
    return name;
  }

  #valueOf(name: string): string | undefined {
    const value = this.#variables(name);
    if (value !== undefined) this.#used.add(name);
    return value;
  }

  #nested(): string {
    this.#depth += 1;
    if (this.#depth > DEEPEST)
      throw new ExpansionError(`braces are nested more than ${DEEPEST} deep`, this.#at - 1);
    const text = this.#braced();
    this.#depth -= 1;
    return text;
  }

  #braced(): string {
    const begin = this.#at - 1;
    this.#at += 1;
    const name = this.#name();
    if (name === '') throw new ExpansionError('a name stands first in braces', begin);
    const operator = /:?[-+?]|##?|%%?|\/\/?|\}/y;
    operator.lastIndex = this.#at;
    const sign = operator.exec(this.#text)?.[0];
    if (sign === undefined) {
      const unknown = this.#text[this.#at];
      if (unknown === undefined) throw new ExpansionError('"}" is missing', begin);
      throw new ExpansionError(`behind ${name} stands "${unknown}", which is no operator`, begin);
    }
    this.#at += sign.length;
    if (sign === '}') {
      const value = this.#valueOf(name);
      if (value === undefined) this.#missing.add(name);
      return value ?? (this.#keepUnset ? `\${${name}}` : '');
    }
    if (sign.startsWith('/')) return this.#replacing(name, sign, begin);
    if (/[#%]/.test(sign)) return this.#trimming(name, sign, begin);
    const word = this.#until('}', false);
    const value = this.#valueOf(name);
    if (value === undefined && this.#keepUnset) return `\${${name}${sign}${word}}`;
    return this.#choose(name, sign, value, word, begin);
  }

  #choose(name: string, sign: string, value: string | undefined, word: string, begin: number): string {
    const isThere = value !== undefined && !(sign.startsWith(':') && value === '');
    if (sign.endsWith('+')) return isThere ? word : '';
    if (isThere) return value;
    if (sign.endsWith('-')) return word;
    const why = value === undefined ? 'is not set' : 'is empty';
    throw new ExpansionError(`${name} ${why}${word === '' ? '' : `: ${word}`}`, begin);
  }

  #trimming(name: string, sign: string, begin: number): string {
    const word = this.#until('}', true);
    const value = this.#valueOf(name);
    if (value === undefined) this.#missing.add(name);
    if (value === undefined && this.#keepUnset) return `\${${name}${sign}${word}}`;
    const pattern = this.#pattern(word, begin);
    this.#requireShort(pattern.length * (value ?? '').length, begin);
    const trimmed = sign.startsWith('#') ? withoutPrefix : withoutSuffix;
    return trimmed(value ?? '', pattern, sign.length === 2);
  }

  #replacing(name: string, sign: string, begin: number): string {
    const word = this.#until('/', true);
    const replacement = this.#until('}', true);
    const value = this.#valueOf(name);
    if (value === undefined) this.#missing.add(name);
    if (value === undefined && this.#keepUnset) return `\${${name}${sign}${word}/${replacement}}`;
    const pattern = this.#pattern(word, begin);
    const { length } = value ?? '';
    // A match is looked for at each character; one that has no end goes on to the end of the value.
    this.#requireShort(pattern.length * length * (isEndless(pattern) ? length : 1), begin);
    const text = replaced(value ?? '', pattern, replacement, { all: sign === '//', longest: LONGEST });
    if (text === undefined) throw tooLong();
    return text;
  }

  #requireShort(steps: number, begin: number): void {
    if (steps > STEPS_MAX) throw new ExpansionError('the pattern and the value are too long together', begin);
  }

  #pattern(word: string, begin: number) {
    const pattern = parsePattern(word);
    if (pattern !== undefined) return pattern;
    throw new ExpansionError(`"${word}" is no pattern: a backslash stands before *, ? or another one`, begin);
  }
}

function tooLong(): ExpansionError {
  return new ExpansionError(`what it expands to has more than ${LONGEST} characters`, 0);
}

/** Collects words. */
class Words {
  readonly #words: string[] = [];
  #word = '';

  add(text: string, isWhole: boolean): void {
    if (isWhole) {
      this.#word += text;
      return;
    }
    const [first = '', ...rest] = text.split(/\s+/);
    this.#word += first;
    for (const part of rest) {
      this.#end();
      this.#word = part;
    }
  }

  all(): string[] {
    this.#end();
    return this.#words;
  }

  #end(): void {
    if (this.#word !== '') this.#words.push(this.#word);
    this.#word = '';
  }
}
