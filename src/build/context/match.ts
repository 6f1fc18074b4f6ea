import { EngineError } from '../../errors.ts';
import { compileParts, type Matcher, type Part } from './matcher.ts';

/** Whether a path of the source holds a wildcard, as Go's filepath.Match knows them; one behind a backslash is none. */
export function hasWildcards(text: string): boolean {
  return /^(?:\\.|[^\\*?[])*[*?[]/su.test(text);
}

/** A part of a path without wildcards: what a backslash stands before is meant as it is. */
export function withoutEscapes(text: string): string {
  return text.replaceAll(/\\(.)/gsu, '$1');
}

/**
 * Compiles a pattern as Go's filepath.Match reads it: `*` and `?` stand for anything but `/`, `[a-z]` and `[^a-z]` for one
 * character, and what follows a backslash for itself. Throws `invalid` for one that is malformed.
 */
export function compileWildcard(pattern: string): Matcher {
  const parts: Part[] = [];
  for (let at = 0; at < pattern.length; ) {
    const [part, next] = readPart(pattern, at);
    parts.push(part);
    at = next;
  }
  return compileParts(parts);
}

/** The part of a pattern that begins at an index, and where the next one does. Throws as {@link compileWildcard}. */
export function readPart(pattern: string, at: number): [part: Part, next: number] {
  const character = characterAt(pattern, at);
  switch (character) {
    case '*':
      return [{ many: 'name' }, at + 1];
    case '?':
      return [{ one: '[^/]' }, at + 1];
    case '[':
      return readClass(pattern, at);
    case '\\':
      if (at + 1 === pattern.length) throw malformed(pattern);
      return literal(pattern, at + 1);
    default:
      return literal(pattern, at);
  }
}

function literal(pattern: string, at: number): [part: Part, next: number] {
  const character = characterAt(pattern, at);
  return [{ one: escapeRegExp(character) }, at + character.length];
}

/** `[` `^` ranges `]`, of which at least one has to be there. */
function readClass(pattern: string, start: number): [part: Part, next: number] {
  let at = start + 1;
  const negated = pattern[at] === '^';
  if (negated) at++;
  let ranges = '';
  while (pattern[at] !== ']' || ranges === '') {
    const [low, afterLow] = classCharacter(pattern, at);
    at = afterLow;
    let high = low;
    if (pattern[at] === '-') [high, at] = classCharacter(pattern, at + 1);
    // A range that is the wrong way round holds nothing, but is no fault.
    ranges += low <= high ? `${escapeInClass(low)}-${escapeInClass(high)}` : '[]';
  }
  const inside = ranges.replaceAll('[]', '');
  if (inside === '') return [{ one: negated ? '[^]' : '[]' }, at + 1];
  return [{ one: `[${negated ? '^' : ''}${inside}]` }, at + 1];
}

function classCharacter(pattern: string, start: number): [character: string, next: number] {
  let at = start;
  if (at >= pattern.length || pattern[at] === '-' || pattern[at] === ']') throw malformed(pattern);
  if (pattern[at] === '\\') at++;
  const character = characterAt(pattern, at);
  if (character === '' || at + character.length >= pattern.length) throw malformed(pattern);
  return [character, at + character.length];
}

/** One code point. */
function characterAt(pattern: string, at: number): string {
  const point = pattern.codePointAt(at);
  return point === undefined ? '' : String.fromCodePoint(point);
}

/** A character as a regular expression with the flag `u` takes it. */
function escapeRegExp(character: string): string {
  return /^[\\^$.*+?()[\]{}|/]$/u.test(character) ? `\\${character}` : character;
}

function escapeInClass(character: string): string {
  return /^[\\\]^[-]$/u.test(character) ? `\\${character}` : character;
}

function malformed(pattern: string): EngineError {
  return new EngineError('invalid', `malformed pattern "${pattern}"`, {
    subject: pattern,
    hint: 'a [ needs its ], and a backslash something that follows it',
  });
}
