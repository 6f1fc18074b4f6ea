import { fstatSync } from 'node:fs';

const STDOUT = 1;

/**
 * Matches what a terminal would obey, or be led astray by, where text was expected: control characters (C0, DEL, C1)
 * and those that turn the direction of writing (Unicode, UAX #9). Blanks between lines and columns are for the caller
 * to judge.
 */
const COMMANDING = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;
const COMMANDING_BUT_LINES = /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' };

/** Whether {@link visible} would leave a text as it is. */
export function isVisible(text: string): boolean {
  return text.search(COMMANDING) < 0;
}

/**
 * Makes text of others (command lines, labels, words of registries) fit for people: what would command a terminal is
 * written out, as in `\x1b`. `lines` leaves line feeds and tabs as they are.
 */
export function visible(text: string, { lines = false } = {}): string {
  return text.replace(lines ? COMMANDING_BUT_LINES : COMMANDING, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return (
      SHORT[character] ?? (code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`)
    );
  });
}

/** Writes a value as JSON in which nothing can command a terminal either: JSON itself only minds what is below 0x20. */
export function visibleJson(
  value: unknown,
  {
    replacer,
    indent,
  }: { replacer?: (key: string, value: unknown) => unknown; indent?: number | string } = {},
): string {
  return (JSON.stringify(value, replacer, indent) ?? 'null').replace(
    /[\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * Chooses what happens to values in a user's own format: on a terminal they are made {@link visible}, programs get them
 * as they are. A character device counts as a terminal: to ask for more loads a module.
 */
export function shownOnOutput(): (text: string) => string {
  return isCharacterDevice() ? (text) => visible(text, { lines: true }) : (text) => text;
}

function isCharacterDevice(): boolean {
  try {
    return fstatSync(STDOUT).isCharacterDevice();
  } catch {
    return false;
  }
}
