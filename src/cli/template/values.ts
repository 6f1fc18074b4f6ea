/**
 * The values that templates work on, as JavaScript has them, and what Go would make of them. Whole numbers are ints,
 * others floats; objects without a prototype are maps (their keys are data, a missing one has no value), other objects
 * are structs (a missing field is an error); null is a nil pointer, undefined no value at all.
 */

import { visibleJson } from '../text/visible.ts';

/** A float that JavaScript would take for a whole number. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

export type Kind =
  | 'invalid'
  | 'nil'
  | 'bool'
  | 'int'
  | 'float'
  | 'string'
  | 'list'
  | 'map'
  | 'struct'
  | 'function';

export function kindOf(value: unknown): Kind {
  if (value === undefined) return 'invalid';
  if (value === null) return 'nil';
  if (value instanceof Float) return 'float';
  if (Array.isArray(value)) return 'list';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'number':
      return Number.isInteger(value) ? 'int' : 'float';
    case 'string':
      return 'string';
    case 'function':
      return 'function';
    default:
      return Object.getPrototypeOf(value) === null ? 'map' : 'struct';
  }
}

/** Returns Go's name of the type, as messages and `%T` show it. */
export function typeName(value: unknown): string {
  switch (kindOf(value)) {
    case 'invalid':
    case 'nil':
      return '<nil>';
    case 'int':
      return 'int';
    case 'float':
      return 'float64';
    case 'list':
      return (value as unknown[]).every((item) => typeof item === 'string') ? '[]string' : '[]interface {}';
    case 'map':
    case 'struct':
      return Object.values(value as object).every((item) => typeof item === 'string')
        ? 'map[string]string'
        : 'map[string]interface {}';
    case 'function':
      return 'func';
    default:
      return typeof value === 'boolean' ? 'bool' : 'string';
  }
}

export function isNumber(value: unknown): value is number | Float {
  return typeof value === 'number' || value instanceof Float;
}

export function numberOf(value: number | Float): number {
  return typeof value === 'number' ? value : value.value;
}

/** Whether `if` takes a value for true: not when it is empty. A struct never is. */
export function isTrue(value: unknown): boolean {
  switch (kindOf(value)) {
    case 'list':
      return (value as unknown[]).length > 0;
    case 'map':
      return Object.keys(value as object).length > 0;
    case 'struct':
      return true;
    case 'float':
    case 'int':
      return numberOf(value as number | Float) !== 0;
    default:
      return Boolean(value);
  }
}

/** The members of a map, in the order of their keys, or of a struct, in the order of its fields. */
export function entriesOf(value: object): [string, unknown][] {
  const entries = Object.entries(value).filter(([, member]) => typeof member !== 'function');
  return kindOf(value) === 'map' ? entries.sort(([one], [other]) => (one < other ? -1 : 1)) : entries;
}

/** How `%v`, and an action by itself, print a value. */
export function formatValue(value: unknown, named = false): string {
  switch (kindOf(value)) {
    case 'invalid':
    case 'nil':
      return '<nil>';
    case 'float':
      return formatFloat(numberOf(value as number | Float));
    case 'list':
      return `[${(value as unknown[]).map((item) => formatValue(item, named)).join(' ')}]`;
    case 'map':
      return `map[${members(value as object, true, named)}]`;
    case 'struct':
      return `{${members(value as object, named, named)}}`;
    default:
      return String(value);
  }
}

function members(value: object, withKeys: boolean, named: boolean): string {
  return entriesOf(value)
    .map(([key, member]) => `${withKeys ? `${key}:` : ''}${formatValue(member, named)}`)
    .join(' ');
}

const EXPONENT_FROM = 6;

/** `%v` of a float: as short as it can be, with an exponent below 1e-4 and from 1e+06. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power < -4 || power >= EXPONENT_FROM) return `${digits}e${goExponent(power)}`;
  return power < 0 ? value.toFixed(Math.max(0, significantAfterPoint(digits) - power)) : String(value);
}

/** Go writes at least two digits. */
export function goExponent(power: number): string {
  return `${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

function significantAfterPoint(digits: string): number {
  return digits.replace('-', '').split('.')[1]?.length ?? 0;
}

/** JSON as Docker's `json` writes it: keys of maps in order, what is nil as null. */
export function jsonOf(value: unknown): string {
  return visibleJson(value, {
    replacer: (_, member) => {
      if (member instanceof Float) return member.value;
      if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
      return kindOf(member) === 'map' ? Object.fromEntries(entriesOf(member)) : member;
    },
  });
}
