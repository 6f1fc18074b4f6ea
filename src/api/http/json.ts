import { EngineError } from '../../errors.ts';

/**
 * An object of a body, read member by member. Names are found as Go finds them, whatever their case; `null`, absent and,
 * for texts, empty are one, and so is `null` inside of lists and objects. What is never read is nobody's, as with Docker.
 * All methods throw `invalid` for a member of another type, by its path.
 */
export class JsonObject {
  readonly #members: ReadonlyMap<string, unknown>;
  readonly #path: string;

  constructor(value: unknown, path = '') {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw wrong(path || 'the body', 'an object');
    this.#path = path;
    this.#members = new Map(Object.entries(value).map(([name, member]) => [name.toLowerCase(), member]));
  }

  text(name: string): string | undefined {
    const value = this.#member(name);
    if (value !== undefined && typeof value !== 'string') throw wrong(this.#pathOf(name), 'a text');
    return this.#whole(name, value) || undefined;
  }

  flag(name: string): boolean | undefined {
    const value = this.#member(name);
    if (value !== undefined && typeof value !== 'boolean') throw wrong(this.#pathOf(name), 'true or false');
    return value;
  }

  /** A whole number. */
  number(name: string): number | undefined {
    const value = this.#member(name);
    if (value !== undefined && !Number.isSafeInteger(value))
      throw wrong(this.#pathOf(name), 'a whole number');
    return value as number | undefined;
  }

  /** 0 is as good as absent, as for most amounts in Docker's API. */
  amount(name: string): number | undefined {
    return this.number(name) || undefined;
  }

  /** Undefined when it is absent, and not when it is empty. */
  texts(name: string): string[] | undefined {
    const value = this.#member(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every(isText)) throw wrong(this.#pathOf(name), 'a list of texts');
    return value.map((each) => this.#whole(name, each ?? ''));
  }

  /** Texts of which a single one may stand alone. */
  words(name: string): string[] | undefined {
    const value = this.#member(name);
    return typeof value === 'string' ? [this.#whole(name, value)] : this.texts(name);
  }

  map(name: string): Record<string, string> | undefined {
    const value = this.#member(name);
    if (value === undefined) return undefined;
    const isMap = typeof value === 'object' && !Array.isArray(value);
    if (!isMap || !Object.values(value as object).every(isText))
      throw wrong(this.#pathOf(name), 'an object of texts');
    return Object.fromEntries(
      Object.entries(value as object).map(([key, each]) => [
        this.#whole(name, key),
        this.#whole(name, each ?? ''),
      ]),
    );
  }

  /** The names in an object that is a set, `{"80/tcp": {}}`. */
  names(name: string): string[] | undefined {
    const value = this.#member(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'object' || Array.isArray(value)) throw wrong(this.#pathOf(name), 'an object');
    return Object.keys(value as object).map((key) => this.#whole(name, key));
  }

  object(name: string): JsonObject | undefined {
    const value = this.#member(name);
    return value === undefined ? undefined : new JsonObject(value, this.#pathOf(name));
  }

  /** `object`, an empty one when it is absent. */
  part(name: string): JsonObject {
    return this.object(name) ?? new JsonObject({}, this.#pathOf(name));
  }

  objects(name: string): JsonObject[] | undefined {
    const value = this.#member(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw wrong(this.#pathOf(name), 'a list of objects');
    return value.map((each, index) => new JsonObject(each ?? {}, `${this.#pathOf(name)}[${index}]`));
  }

  /** The entries of an object of objects. */
  entries(name: string): [string, JsonObject][] {
    const value = this.#member(name);
    if (value === undefined) return [];
    if (typeof value !== 'object' || Array.isArray(value)) throw wrong(this.#pathOf(name), 'an object');
    return Object.entries(value as object).map(([key, each]) => [
      this.#whole(name, key),
      new JsonObject(each ?? {}, `${this.#pathOf(name)}.${key}`),
    ]);
  }

  /** The member as it came. */
  raw(name: string): unknown {
    return this.#member(name);
  }

  /** The error for a member whose value cannot be had. */
  refusal(name: string, why: string, hint?: string): EngineError {
    const path = this.#pathOf(name);
    return new EngineError('invalid', `${path}: ${why}`, { subject: path, hint });
  }

  /** None of Docker's texts has a NUL: as a path, an argument or a name it would be another one. */
  #whole<Text extends string | undefined>(name: string, text: Text): Text {
    if (text?.includes('\0') !== true) return text;
    throw new EngineError('invalid', `${this.#pathOf(name)} contains a NUL byte: ${JSON.stringify(text)}`, {
      subject: this.#pathOf(name),
    });
  }

  #member(name: string): unknown {
    return this.#members.get(name.toLowerCase()) ?? undefined;
  }

  #pathOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }
}

function isText(value: unknown): value is string | null {
  return typeof value === 'string' || value === null;
}

function wrong(path: string, what: string): EngineError {
  return new EngineError('invalid', `${path} is not ${what}`, { subject: path });
}
