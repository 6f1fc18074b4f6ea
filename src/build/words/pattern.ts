/** A part of a pattern: a character, any one (`?`), or any number of them (`*`). */
type Part = { kind: 'character'; is: string } | { kind: 'one' } | { kind: 'any' };

/**
 * A pattern as `${x#p}`, `${x%p}` and `${x/p/r}` have it: `*` and `?`, neither of which matches the end of a line, and a
 * backslash before `*`, `?` and another one. There are no ranges. Undefined: the backslash stands before anything else.
 */
export type Pattern = readonly Part[];

/** Reads a pattern; see {@link Pattern}. */
export function parsePattern(text: string): Pattern | undefined {
  const parts: Part[] = [];
  const characters = [...text];
  for (let index = 0; index < characters.length; index += 1) {
    let character = characters[index] as string;
    if (character === '*') parts.push({ kind: 'any' });
    else if (character === '?') parts.push({ kind: 'one' });
    else {
      if (character === '\\') {
        index += 1;
        character = characters[index] ?? '';
        // What ends the pattern within the braces had to be escaped, too.
        if (!['*', '?', '\\', '}', '/'].includes(character)) return undefined;
      }
      parts.push({ kind: 'character', is: character });
    }
  }
  return parts;
}

/** Whether a match may have any length. */
export function isEndless(pattern: Pattern): boolean {
  return pattern.some(({ kind }) => kind === 'any');
}

/** What is left of a value without what the pattern matches at its beginning: as little as can be, or as much. */
export function withoutPrefix(value: string, pattern: Pattern, longest: boolean): string {
  const characters = [...value];
  const end = matchEnd(characters, 0, pattern, longest);
  return end === undefined ? value : characters.slice(end).join('');
}

/** The same at its end. */
export function withoutSuffix(value: string, pattern: Pattern, longest: boolean): string {
  const characters = [...value].reverse();
  const end = matchEnd(characters, 0, pattern.toReversed(), longest);
  return end === undefined ? value : characters.slice(end).reverse().join('');
}

/**
 * The value with the first match replaced, or with all of them; matches are as long as can be. Undefined: it would have more
 * than `longest` characters.
 */
export function replaced(
  value: string,
  pattern: Pattern,
  replacement: string,
  { all, longest }: { all: boolean; longest: number },
): string | undefined {
  const characters = [...value];
  let result = '';
  let index = 0;
  // A pattern without parts matches nothing between characters, too: before each of them.
  while (index <= characters.length) {
    const end = matchEnd(characters, index, pattern, true);
    if (end !== undefined) result += replacement;
    if (result.length > longest) return undefined;
    if (end !== undefined && !all) return result + characters.slice(end).join('');
    if (end === undefined || end === index) {
      result += characters[index] ?? '';
      index += 1;
    } else index = end;
    if (index === characters.length && end !== undefined && end === index) break;
  }
  return result;
}

/**
 * Where a match that begins at an index ends. All ways through the pattern are followed side by side, so that the time is
 * the product of both lengths, whatever the pattern.
 */
function matchEnd(
  characters: readonly string[],
  from: number,
  pattern: Pattern,
  longest: boolean,
): number | undefined {
  let end: number | undefined;
  let states = passed(new Set([0]), pattern);
  for (let index = from; states.size > 0; index += 1) {
    if (states.has(pattern.length)) end = index;
    if (end !== undefined && !longest) return end;
    const character = characters[index];
    if (character === undefined) break;
    states = passed(stepped(states, pattern, character), pattern);
  }
  return end;
}

function stepped(states: ReadonlySet<number>, pattern: Pattern, character: string): Set<number> {
  const next = new Set<number>();
  for (const state of states) {
    const part = pattern[state];
    if (part === undefined) continue;
    if (part.kind === 'character') {
      if (part.is === character) next.add(state + 1);
    } else if (character !== '\n') next.add(part.kind === 'any' ? state : state + 1);
  }
  return next;
}

/** With the states behind every `*`, which may match nothing. */
function passed(states: Set<number>, pattern: Pattern): Set<number> {
  for (const state of states) if (pattern[state]?.kind === 'any') states.add(state + 1);
  return states;
}
