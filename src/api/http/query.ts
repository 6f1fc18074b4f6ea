import { EngineError } from '../../errors.ts';
import type { Filters } from '../../grammar/filters.ts';
import type { Parameter, Parameters, ParameterType } from './parameter.ts';
import { NEWEST_VERSION } from './version.ts';

/**
 * The query parameters of a request, as the route declares them: what it does not declare, or not for the version of the API
 * that the client speaks, is not looked at, as with Docker.
 */
export class Query {
  readonly #search: URLSearchParams;
  readonly #declared: Parameters;

  /** Throws `invalid` for a value that cannot be read, and `unsupported` for one that is refused. */
  constructor(search: URLSearchParams, declared: Parameters, version = NEWEST_VERSION) {
    this.#search = new URLSearchParams(search);
    this.#declared = declared;
    for (const [name, parameter] of Object.entries(declared)) {
      if (!isOf(version, parameter)) this.#search.delete(name);
      const values = typeOf(parameter) === 'list' ? this.#search.getAll(name) : [this.#search.get(name)];
      for (const value of values) {
        if (value?.includes('\0') === true)
          throw new EngineError('invalid', `the parameter ${name} contains a NUL byte`, { subject: name });
        check(name, parameter, value);
      }
    }
  }

  has(name: string): boolean {
    return this.#value(name, undefined) !== null;
  }

  /** Absent or empty: undefined. */
  text(name: string): string | undefined {
    return this.#value(name, 'text') || undefined;
  }

  flag(name: string, otherwise = false): boolean {
    const value = this.#value(name, 'flag');
    return value === null ? otherwise : isTrue(value);
  }

  number(name: string): number | undefined {
    const value = this.#value(name, 'number');
    return value === null || value === '' ? undefined : integer(name, value);
  }

  list(name: string): string[] {
    void this.#value(name, 'list');
    return this.#search.getAll(name);
  }

  /** Throws `invalid` for what is no JSON. */
  json(name: string): unknown {
    const value = this.#value(name, 'json');
    return value === null || value === '' ? undefined : parseJson(name, value);
  }

  filters(name = 'filters'): Filters {
    const value = this.#value(name, 'filters');
    return value === null || value === '' ? new Map() : parseFilters(name, parseJson(name, value));
  }

  #value(name: string, type: ParameterType | undefined): string | null {
    const declared = this.#declared[name];
    if (declared === undefined || (type !== undefined && typeOf(declared) !== type))
      throw new Error(`the route does not declare ${name} as ${type}`);
    return this.#search.get(name);
  }
}

function isOf(version: number, parameter: Parameter): boolean {
  if (typeof parameter === 'string') return true;
  const { since = version, before = version + 1 } = parameter;
  return version >= since && version < before;
}

function typeOf(parameter: Parameter): ParameterType {
  return typeof parameter === 'string' ? parameter : parameter.type;
}

function check(name: string, parameter: Parameter, value: string | null): void {
  if (value === null || value === '' || typeof parameter === 'string') return;
  const { refused, unless, type } = parameter;
  if (refused === undefined || value === unless || (type === 'flag' && !isTrue(value))) return;
  throw new EngineError('unsupported', `the parameter ${name} is not supported: ${refused}`, {
    subject: name,
  });
}

/** As moby's httputils.BoolValue. */
function isTrue(value: string): boolean {
  return !['', '0', 'no', 'false', 'none'].includes(value.trim().toLowerCase());
}

function integer(name: string, value: string): number {
  const number = /^[+-]?\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isNaN(number)) return number;
  throw new EngineError('invalid', `the parameter ${name} is no number: "${value}"`, { subject: name });
}

function parseJson(name: string, value: string): unknown {
  try {
    return JSON.parse(value);
  } catch (cause) {
    throw new EngineError('invalid', `the parameter ${name} is no JSON: ${(cause as Error).message}`, {
      subject: name,
      cause,
    });
  }
}

/**
 * `{"status":["exited"]}`, and the older `{"status":{"exited":true}}`, whose words count whatever stands behind them, as with
 * Docker: without one of its words a prune would take more than was asked for. `null`, of all or of a filter, says nothing.
 */
function parseFilters(name: string, value: unknown): Filters {
  if (typeof value === 'object' && !Array.isArray(value)) {
    const entries = Object.entries(value ?? {}).map(([key, list]) => [key, filterValues(list)] as const);
    if (entries.every((entry): entry is readonly [string, string[]] => entry[1] !== undefined))
      return new Map(entries);
  }
  throw new EngineError('invalid', `the parameter ${name} is no object of lists of words`, { subject: name });
}

function filterValues(list: unknown): string[] | undefined {
  if (Array.isArray(list)) return list.every((each) => typeof each === 'string') ? list : undefined;
  if (typeof list !== 'object') return undefined;
  const entries = Object.entries(list ?? {});
  return entries.every(([, value]) => value === null || typeof value === 'boolean')
    ? entries.map(([word]) => word)
    : undefined;
}
