import { sprintf } from './printf.ts';
import { formatValue, isNumber, isTrue, jsonOf, type Kind, kindOf, numberOf, typeName } from './values.ts';

/** A function that templates call. Throws Error, whose message the evaluator puts behind the function's name. */
export type TemplateFunction = (...args: never[]) => unknown;
export type Functions = ReadonlyMap<string, TemplateFunction>;

/** `string` and the like check an argument; `any...`: any number of them. */
type Parameter = 'string' | 'int' | 'strings' | 'any' | 'any...';

/** Makes a function that checks the number and the types of its arguments. */
function takes(parameters: readonly Parameter[], body: TemplateFunction): TemplateFunction {
  const rest = parameters.at(-1) === 'any...';
  const least = rest ? parameters.length - 1 : parameters.length;
  return (...args: never[]) => {
    if (args.length < least || (!rest && args.length > least)) {
      const want = rest ? `at least ${least}` : String(least);
      throw new WrongCall(`wrong number of args: want ${want} got ${args.length}`);
    }
    for (const [index, arg] of args.entries()) check(parameters[index] ?? 'any', arg);
    return body(...args);
  };
}

/** A call that Go refuses before it is made. */
export class WrongCall extends Error {}

function check(parameter: Parameter, arg: unknown): void {
  const fits =
    parameter === 'string'
      ? typeof arg === 'string'
      : parameter === 'int'
        ? kindOf(arg) === 'int'
        : parameter === 'strings'
          ? Array.isArray(arg) && arg.every((item) => typeof item === 'string')
          : true;
  if (fits) return;
  const expected = parameter === 'strings' ? '[]string' : parameter;
  throw new WrongCall(
    arg === undefined || arg === null
      ? `invalid value; expected ${expected}`
      : `wrong type for value; expected ${expected}; got ${typeName(arg)}`,
  );
}

/** The functions of text/template but `and` and `or`, which do not evaluate what they need not (the evaluator's). */
const BUILT_IN: readonly [string, TemplateFunction][] = [
  ['not', takes(['any'], (value: unknown) => !isTrue(value))],
  ['eq', takes(['any', 'any...'], (one: unknown, ...others: unknown[]) => equalsOneOf(one, others))],
  ['ne', takes(['any', 'any'], (one: unknown, other: unknown) => !equals(one, other))],
  ['lt', takes(['any', 'any'], (one: unknown, other: unknown) => isLess(one, other))],
  ['le', takes(['any', 'any'], (one: unknown, other: unknown) => isLess(one, other) || equals(one, other))],
  ['gt', takes(['any', 'any'], (one: unknown, other: unknown) => isLess(other, one))],
  ['ge', takes(['any', 'any'], (one: unknown, other: unknown) => isLess(other, one) || equals(one, other))],
  ['len', takes(['any'], lengthOf)],
  ['index', takes(['any', 'any...'], (value: unknown, ...keys: unknown[]) => keys.reduce(indexed, value))],
  ['slice', takes(['any', 'any...'], sliced)],
  ['print', takes(['any...'], (...args: unknown[]) => printed(args))],
  ['printf', takes(['string', 'any...'], (format: string, ...args: unknown[]) => sprintf(format, args))],
  [
    'println',
    takes(['any...'], (...args: unknown[]) => `${args.map((arg) => formatValue(arg)).join(' ')}\n`),
  ],
  ['html', takes(['any...'], (...args: unknown[]) => escapedHtml(printed(args)))],
  ['js', takes(['any...'], (...args: unknown[]) => escapedScript(printed(args)))],
  ['urlquery', takes(['any...'], (...args: unknown[]) => escapedQuery(printed(args)))],
];

/** The functions that Docker adds to Go's. */
const DOCKERS: readonly [string, TemplateFunction][] = [
  ['json', takes(['any'], jsonOf)],
  ['split', takes(['string', 'string'], splitText)],
  ['join', takes(['strings', 'string'], (list: string[], separator: string) => list.join(separator))],
  ['title', takes(['string'], titled)],
  ['lower', takes(['string'], (text: string) => text.toLowerCase())],
  ['upper', takes(['string'], (text: string) => text.toUpperCase())],
  ['pad', takes(['string', 'int', 'int'], padded)],
  ['truncate', takes(['string', 'int'], truncated)],
];

export const FUNCTIONS: Functions = new Map([...BUILT_IN, ...DOCKERS]);

const unchanged = (text: unknown) => text;

/** The functions for the line of headers, which says what the columns are, not what functions make of their names. */
export const HEADER_FUNCTIONS: Functions = new Map([
  ...FUNCTIONS,
  ...['json', 'split', 'join', 'title', 'lower', 'upper', 'truncate'].map(
    (name): [string, TemplateFunction] => [name, unchanged],
  ),
]);

/** The names of functions that a template may use. */
export const FUNCTION_NAMES: ReadonlySet<string> = new Set(['and', 'or', 'call', ...FUNCTIONS.keys()]);

function equalsOneOf(one: unknown, others: readonly unknown[]): boolean {
  if (others.length === 0) throw new Error('missing argument for comparison');
  return others.some((other) => equals(one, other));
}

const isNil = (value: unknown) => value === null || value === undefined;
const COMPARABLE: ReadonlySet<Kind> = new Set(['bool', 'int', 'float', 'string']);

function equals(one: unknown, other: unknown): boolean {
  if (isNil(one) || isNil(other)) return isNil(one) && isNil(other);
  const [kind, otherKind] = [kindOf(one), kindOf(other)];
  if (!COMPARABLE.has(kind) || !COMPARABLE.has(otherKind))
    throw new Error(`non-comparable type ${typeName(COMPARABLE.has(kind) ? other : one)}`);
  if (kind !== otherKind) throw new Error('incompatible types for comparison');
  return isNumber(one) && isNumber(other) ? numberOf(one) === numberOf(other) : one === other;
}

function isLess(one: unknown, other: unknown): boolean {
  const kind = kindOf(one);
  if (kind !== 'int' && kind !== 'float' && kind !== 'string') throw new Error('invalid type for comparison');
  if (kind !== kindOf(other)) throw new Error('incompatible types for comparison');
  if (isNumber(one) && isNumber(other)) return numberOf(one) < numberOf(other);
  return Buffer.compare(Buffer.from(one as string), Buffer.from(other as string)) < 0;
}

/** Returns the length of a value as Go's `len`: that of a string is in bytes. */
function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (typeof value === 'object' && value !== null && kindOf(value) !== 'float')
    return Object.keys(value).length;
  throw new Error(isNil(value) ? 'len of nil pointer' : `len of type ${typeName(value)}`);
}

function indexed(value: unknown, key: unknown): unknown {
  if (isNil(value)) throw new Error('index of untyped nil');
  if (Array.isArray(value)) return value[position(key, value.length)];
  if (typeof value === 'string') {
    const bytes = Buffer.from(value);
    return bytes[position(key, bytes.length)];
  }
  const kind = kindOf(value);
  if (kind !== 'map' && kind !== 'struct') throw new Error(`can't index item of type ${typeName(value)}`);
  if (typeof key !== 'string') throw new Error(`value has type ${typeName(key)}; should be string`);
  const map = value as Record<string, unknown>;
  return Object.hasOwn(map, key) ? map[key] : missingMember(map);
}

/** Returns what a Go map gives for a key that it lacks: the zero of its values' type. */
function missingMember(map: Record<string, unknown>): unknown {
  if (kindOf(map) === 'struct') return undefined;
  return Object.values(map).every((value) => typeof value === 'string') ? '' : null;
}

function position(key: unknown, length: number): number {
  if (kindOf(key) !== 'int')
    throw new Error(
      isNil(key)
        ? 'cannot index slice/array with nil'
        : `cannot index slice/array with type ${typeName(key)}`,
    );
  if ((key as number) < 0 || (key as number) >= length) throw new Error(`index out of range: ${key}`);
  return key as number;
}

function sliced(value: unknown, ...bounds: unknown[]): unknown {
  if (isNil(value)) throw new Error('slice of untyped nil');
  if (typeof value !== 'string' && !Array.isArray(value))
    throw new Error(`can't slice item of type ${typeName(value)}`);
  if (bounds.length > 3) throw new Error(`too many slice indexes: ${bounds.length}`);
  if (bounds.length === 3 && typeof value === 'string') throw new Error('cannot 3-index slice a string');
  const whole = typeof value === 'string' ? Buffer.from(value) : value;
  const [start = 0, end = whole.length] = bounds.map((bound) => position(bound, whole.length + 1));
  if (start > end) throw new Error(`invalid slice index: ${start} > ${end}`);
  const part = whole.slice(start, end);
  return Buffer.isBuffer(part) ? part.toString() : part;
}

/** Blanks only between two that are no strings. */
function printed(args: readonly unknown[]): string {
  return args.reduce<string>((text, arg, index) => {
    const apart = index > 0 && typeof arg !== 'string' && typeof args[index - 1] !== 'string';
    return `${text}${apart ? ' ' : ''}${formatValue(arg)}`;
  }, '');
}

const HTML: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  '"': '&#34;',
  "'": '&#39;',
  '\0': '\uFFFD',
};

function escapedHtml(text: string): string {
  return text.replace(/[<>&"'\0]/g, (character) => HTML[character] ?? character);
}

const SCRIPT: Readonly<Record<string, string>> = { '\\': '\\\\', "'": "\\'", '"': '\\"' };

function escapedScript(text: string): string {
  return text.replace(/[\\'"<>&=]|\p{C}|\p{Zl}|\p{Zp}/gu, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return SCRIPT[character] ?? `\\u${code}`;
  });
}

function escapedQuery(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%20', '+')
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Go splits at nothing into characters. */
function splitText(text: string, separator: string): string[] {
  return separator === '' ? [...text] : text.split(separator);
}

function titled(text: string): string {
  return text.replace(/(?<![\p{L}\p{N}_]|[^\s\x20-\x7e])\p{L}/gu, (letter) => letter.toUpperCase());
}

function padded(text: string, before: number, after: number): string {
  return text === '' ? '' : `${' '.repeat(before)}${text}${' '.repeat(after)}`;
}

/** Cuts a text to `length` bytes. */
function truncated(text: string, length: number): string {
  const bytes = Buffer.from(text);
  return bytes.length < length ? text : bytes.subarray(0, length).toString();
}
