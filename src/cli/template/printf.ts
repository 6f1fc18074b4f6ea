import {
  type Float,
  formatFloat,
  formatValue,
  goExponent,
  isNumber,
  kindOf,
  numberOf,
  typeName,
} from './values.ts';

interface Verb {
  minus: boolean;
  plus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  width: number | undefined;
  precision: number | undefined;
  letter: string;
}

const DIRECTIVE = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d*))?([\s\S])?/gu;

/** Go's fmt.Sprintf (https://pkg.go.dev/fmt, "Printing"); what does not fit is shown as Go shows it: `%!d(string=a)`. */
export function sprintf(format: string, args: readonly unknown[]): string {
  let next = 0;
  const number = (text: string | undefined): number | undefined => {
    if (text !== '*') return text === undefined ? undefined : Number(text);
    const value = args[next++];
    return typeof value === 'number' ? value : undefined;
  };
  const text = format.replace(DIRECTIVE, (_, flags: string, wide, precise, letter = '') => {
    const width = number(wide);
    const verb: Verb = {
      minus: flags.includes('-') || (width ?? 0) < 0,
      plus: flags.includes('+'),
      sharp: flags.includes('#'),
      space: flags.includes(' '),
      zero: flags.includes('0'),
      width: width === undefined ? undefined : Math.abs(width),
      precision: number(precise),
      letter,
    };
    if (letter === '') return '%!(NOVERB)';
    if (letter === '%') return '%';
    return next < args.length ? directive(verb, args[next++]) : `%!${letter}(MISSING)`;
  });
  if (next >= args.length) return text;
  const extra = args.slice(next).map((arg) => `${typeName(arg)}=${formatValue(arg)}`);
  return `${text}%!(EXTRA ${extra.join(', ')})`;
}

function directive(verb: Verb, arg: unknown): string {
  if (verb.letter === 'T') return padded(typeName(arg), verb);
  if (verb.letter === 'v') return anyValue(verb, arg);
  const text = formatted(verb, arg);
  if (text !== undefined) return text;
  const kind = kindOf(arg);
  const shown = kind === 'nil' || kind === 'invalid' ? '<nil>' : `${typeName(arg)}=${formatValue(arg)}`;
  return `%!${verb.letter}(${shown})`;
}

function anyValue(verb: Verb, arg: unknown): string {
  if (verb.sharp) return padded(goSyntax(arg), verb);
  const kind = kindOf(arg);
  if (kind === 'int') return wholeNumber({ ...verb, letter: 'd' }, arg as number) ?? '';
  if (kind === 'float') return floatNumber({ ...verb, letter: 'g' }, numberOf(arg as number | Float)) ?? '';
  if (kind === 'string') return textual({ ...verb, letter: 's' }, arg as string) ?? '';
  return padded(formatValue(arg, verb.plus), verb);
}

/** Formats a value; undefined when the verb does not fit it. Lists and maps are formatted member by member. */
function formatted(verb: Verb, arg: unknown): string | undefined {
  switch (kindOf(arg)) {
    case 'bool':
      return verb.letter === 't' ? padded(String(arg), verb) : undefined;
    case 'string':
      return textual(verb, arg as string);
    case 'int':
      return wholeNumber(verb, arg as number);
    case 'float':
      return floatNumber(verb, numberOf(arg as number | Float));
    case 'list':
      return `[${(arg as unknown[]).map((item) => directive(verb, item)).join(' ')}]`;
    case 'map':
      return `map[${Object.entries(arg as object)
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([key, value]) => `${directive(verb, key)}:${directive(verb, value)}`)
        .join(' ')}]`;
    default:
      return undefined;
  }
}

function textual(verb: Verb, text: string): string | undefined {
  const characters = [...text];
  const cut = verb.precision === undefined ? text : characters.slice(0, verb.precision).join('');
  switch (verb.letter) {
    case 's':
      return padded(cut, verb);
    case 'q':
      return padded(verb.sharp && !cut.includes('`') ? `\`${cut}\`` : quoteGo(cut), verb);
    case 'x':
    case 'X': {
      const bytes = [...Buffer.from(text).subarray(0, verb.precision)];
      const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(verb.space ? ' ' : '');
      return padded(verb.letter === 'X' ? hex.toUpperCase() : hex, verb);
    }
    default:
      return undefined;
  }
}

const BASES: Readonly<Record<string, { base: number; prefix: string }>> = {
  d: { base: 10, prefix: '' },
  b: { base: 2, prefix: '0b' },
  o: { base: 8, prefix: '0' },
  O: { base: 8, prefix: '' },
  x: { base: 16, prefix: '0x' },
  X: { base: 16, prefix: '0X' },
};

function wholeNumber(verb: Verb, value: number): string | undefined {
  if (verb.letter === 'c') return padded(String.fromCodePoint(value), verb);
  if (verb.letter === 'q') return padded(`'${quoteGo(String.fromCodePoint(value)).slice(1, -1)}'`, verb);
  if (verb.letter === 'U') return padded(`U+${value.toString(16).toUpperCase().padStart(4, '0')}`, verb);
  const { base, prefix } = BASES[verb.letter] ?? {};
  if (base === undefined) return undefined;
  const digits = Math.abs(value)
    .toString(base)
    .padStart(verb.precision ?? 1, '0');
  const written = verb.letter === 'X' ? digits.toUpperCase() : digits;
  const marked = `${verb.letter === 'O' ? '0o' : verb.sharp ? prefix : ''}`;
  return signed({ ...verb, zero: verb.zero && verb.precision === undefined }, value < 0, marked + written);
}

function floatNumber(verb: Verb, value: number): string | undefined {
  const { letter, precision } = verb;
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return padded(formatFloat(value), { ...verb, zero: false });
  const written = unsigned(letter, size, precision);
  return written === undefined ? undefined : signed(verb, value < 0 || Object.is(value, -0), written);
}

const MOST_DIGITS = 100;

/**
 * Rounds to decimals as Go does: a value exactly in the middle goes to the even digit, where JavaScript takes the
 * larger one.
 */
function fixed(value: number, precision: number): string {
  const digits = Math.min(precision, MOST_DIGITS);
  if (value >= 1e21) return `${BigInt(value)}${digits > 0 ? `.${'0'.repeat(digits)}` : ''}`;
  const rounded = value.toFixed(digits);
  const [whole = '', fraction = ''] = value.toFixed(MOST_DIGITS).split('.');
  if (!/^50*$/.test(fraction.slice(digits))) return rounded;
  const below = digits > 0 ? `${whole}.${fraction.slice(0, digits)}` : whole;
  return Number(below.at(-1)) % 2 === 0 ? below : rounded;
}

function unsigned(letter: string, size: number, precision: number | undefined): string | undefined {
  switch (letter) {
    case 'f':
    case 'F':
      return fixed(size, precision ?? 6);
    case 'e':
      return exponential(size, precision ?? 6);
    case 'g':
      return precision === undefined ? formatFloat(size) : general(size, precision);
    case 'E':
    case 'G':
      return unsigned(letter.toLowerCase(), size, precision)?.toUpperCase();
    default:
      return undefined;
  }
}

function exponential(value: number, precision: number): string {
  const [digits = '', power = '0'] = value.toExponential(precision).split('e');
  return `${digits}e${goExponent(Number(power))}`;
}

/** The shorter of %e and %f for so many significant digits, without zeros at the end. */
function general(value: number, precision: number): string {
  const digits = Math.max(precision, 1);
  const [mantissa = '', exponent = '0'] = value.toExponential(digits - 1).split('e');
  const power = Number(exponent);
  const short = (text: string) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  if (power < -4 || power >= digits) return `${short(mantissa)}e${goExponent(power)}`;
  return short(fixed(value, Math.max(0, digits - 1 - power)));
}

function signed(verb: Verb, negative: boolean, digits: string): string {
  const sign = negative ? '-' : verb.plus ? '+' : verb.space ? ' ' : '';
  if (!verb.zero || verb.minus) return padded(sign + digits, { ...verb, zero: false });
  return sign + digits.padStart((verb.width ?? 0) - sign.length, '0');
}

function padded(text: string, { width = 0, minus, zero }: Verb): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  return minus ? text + ' '.repeat(missing) : (zero ? '0' : ' ').repeat(missing) + text;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
};

/** A Go string literal (strconv.Quote). */
export function quoteGo(text: string): string {
  const escaped = text.replace(/["\\]|[\p{C}\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const hex = code.toString(16);
    if (SHORT_ESCAPES[character] !== undefined) return SHORT_ESCAPES[character];
    if (code < 0x80) return `\\x${hex.padStart(2, '0')}`;
    return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
  });
  return `"${escaped}"`;
}

/** `%#v` of what templates hold. */
function goSyntax(value: unknown): string {
  const kind = kindOf(value);
  if (kind === 'string') return quoteGo(value as string);
  if (kind === 'list') return `${typeName(value)}{${(value as unknown[]).map(goSyntax).join(', ')}}`;
  if (kind === 'map' || kind === 'struct') {
    const members = Object.entries(value as object).map(
      ([key, member]) => `${quoteGo(key)}:${goSyntax(member)}`,
    );
    return `${typeName(value)}{${members.sort().join(', ')}}`;
  }
  return isNumber(value) ? formatFloat(numberOf(value)) : formatValue(value);
}
