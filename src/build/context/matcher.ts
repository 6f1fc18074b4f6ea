/** A part of a pattern: one character, as a regular expression with the flags `s` and `u` has it, or any number of them. */
export type Part =
  | { one: string }
  /** `name`: none of them `/`. `all`: any. `directories`: any that end with `/`, or nothing. */
  | { many: 'name' | 'all' | 'directories' };

/** Says whether the whole of a text is what a pattern means. */
export interface Matcher {
  test(text: string): boolean;
}

const MANY = { name: '[^/]*', all: '.*', directories: '(?:.*/)?' } as const;

/** With more of them a regular expression may try more ways than anybody can wait for, and nothing interrupts it. */
const MANY_MAX = 2;

/** Compiles a pattern. Whatever it is, the time to match is at most the product of both lengths, or the square of the text's. */
export function compileParts(parts: readonly Part[]): Matcher {
  const many = parts.filter((part) => 'many' in part);
  if (many.length > MANY_MAX) return new SideBySide(parts);
  return new RegExp(`^${parts.map((part) => ('many' in part ? MANY[part.many] : part.one)).join('')}$`, 'su');
}

/** Where a match may have come to: in front of a part, or within one that ends with `/`. */
type State = number;

/** Follows all ways through a pattern side by side. */
class SideBySide implements Matcher {
  readonly #parts: readonly (Part | RegExp)[];

  constructor(parts: readonly Part[]) {
    this.#parts = parts.map((part) => ('many' in part ? part : new RegExp(`^${part.one}$`, 'su')));
  }

  test(text: string): boolean {
    let states = this.#passed(new Set([0]));
    for (const character of text) {
      if (states.size === 0) return false;
      states = this.#passed(this.#stepped(states, character));
    }
    return states.has(this.#parts.length);
  }

  #stepped(states: ReadonlySet<State>, character: string): Set<State> {
    const next = new Set<State>();
    for (const state of states) {
      // Within a part is what is not in front of one: -1 - its index.
      const index = state < 0 ? -1 - state : state;
      const part = this.#parts[index];
      if (part === undefined) continue;
      if (part instanceof RegExp) {
        if (part.test(character)) next.add(index + 1);
      } else if ('many' in part && part.many === 'directories') {
        next.add(-1 - index);
        if (character === '/') next.add(index + 1);
      } else if ('many' in part && (part.many === 'all' || character !== '/')) next.add(index);
    }
    return next;
  }

  /** With the states behind what may be nothing. */
  #passed(states: Set<State>): Set<State> {
    for (const state of states) {
      const part = this.#parts[state];
      if (part !== undefined && !(part instanceof RegExp) && 'many' in part) states.add(state + 1);
    }
    return states;
  }
}
