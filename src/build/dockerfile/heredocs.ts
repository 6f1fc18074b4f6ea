import { expand } from '../words/expand.ts';
import { splitWords } from '../words/split.ts';

/** `<<NAME` as it stands in an instruction. */
export interface HeredocMarker {
  name: string;
  expand: boolean;
  chomp: boolean;
}

/** The marker that a word is; undefined: it is none. */
export function heredocMarker(word: string): HeredocMarker | undefined {
  const [, dash, quoted = ''] = /^\d*<<(-?)([^<]+)$/.exec(word) ?? [];
  if (dash === undefined) return undefined;
  try {
    const { text: name, words } = expand(quoted, { variables: () => undefined, keepUnset: true });
    if (words.length !== 1) return undefined;
    return { name, chomp: dash === '-', expand: !/['"]/.test(quoted) };
  } catch {
    return undefined;
  }
}

/** The markers among the words of a line, and where each stands; none in a line whose quotes are not closed. */
export function heredocMarkers(line: string): (HeredocMarker & { offset: number })[] {
  if (!line.includes('<<')) return [];
  const found: (HeredocMarker & { offset: number })[] = [];
  try {
    expand(line, { variables: () => undefined, keepUnset: true });
  } catch {
    return [];
  }
  let offset = 0;
  for (const word of splitWords(line)) {
    offset = line.indexOf(word, offset);
    const marker = heredocMarker(word);
    if (marker !== undefined) found.push({ ...marker, offset });
    offset += word.length;
  }
  return found;
}

/**
 * Reads a document from the line at an index (from 0) to the one that is its name. Its lines keep a carriage return at
 * their ends. `next` is the index behind the name; undefined: the document has no end.
 */
export function readHeredoc(
  lines: readonly string[],
  index: number,
  { name, chomp }: HeredocMarker,
): { content: string; source: string; next: number } | undefined {
  const taken: string[] = [];
  for (let at = index; at < lines.length; at += 1) {
    const line = lines[at] as string;
    const bare = line.replace(/\r$/, '');
    if ((chomp ? bare.replace(/^\t+/, '') : bare) === name) {
      const text = (part: readonly string[]) => part.map((each) => `${each}\n`).join('');
      const content = chomp ? taken.map((each) => each.replace(/^\t+/, '')) : taken;
      return { content: text(content), source: text(taken), next: at + 1 };
    }
    taken.push(line);
  }
  return undefined;
}
