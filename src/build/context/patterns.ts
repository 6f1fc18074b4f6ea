import { posix } from 'node:path';
import { EngineError } from '../../errors.ts';
import { compileWildcard, readPart } from './match.ts';
import { compileParts, type Part } from './matcher.ts';

/** One pattern of a list. */
interface Pattern {
  text: string;
  /** `!`: what it matches is not meant by those before it. */
  exception: boolean;
  matches(path: string): boolean;
}

/** What a list says of one path; what lies below it is judged by it, too. */
export interface Verdict {
  matched: boolean;
  /** Of each pattern, whether it matches the path or one above it. */
  each: readonly boolean[];
}

/**
 * A list of patterns as Docker's ignore files have them: the last one that matches a path, or a directory above it, decides;
 * one with `!` takes back. `**` stands for any number of directories. Paths are relative to the root, without `/` at either
 * end.
 */
export class PatternList {
  readonly #patterns: Pattern[];

  /** Throws `invalid` for a pattern that is malformed. */
  constructor(lines: readonly string[]) {
    this.#patterns = lines.flatMap(readPattern);
  }

  /** This list and, after it, a path that is meant as it is. */
  with(path: string): PatternList {
    const list = new PatternList([]);
    const last: Pattern = { text: path, exception: false, matches: (other) => other === path };
    list.#patterns.push(...this.#patterns, last);
    return list;
  }

  get isEmpty(): boolean {
    return this.#patterns.length === 0;
  }

  /** Whether something below a directory that is matched may not be. */
  get hasExceptions(): boolean {
    return this.#patterns.some(({ exception }) => exception);
  }

  /**
   * Judges a path by the verdict on its directory; absent: the path lies in the root. As with Docker a pattern that could
   * change nothing is not asked, and counts as one that does not match.
   */
  judge(path: string, above?: Verdict): Verdict {
    let matched = false;
    const each = this.#patterns.map((pattern, index) => {
      const matches = above?.each[index] === true || (pattern.exception === matched && pattern.matches(path));
      if (matches) matched = !pattern.exception;
      return matches;
    });
    return { matched, each };
  }

  /** Judges a path whose directories nobody has asked about. */
  judgeWhole(path: string): Verdict {
    let verdict: Verdict | undefined;
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1))
      verdict = this.judge(path.slice(0, at), verdict);
    return this.judge(path, verdict);
  }
}

function readPattern(line: string): Pattern[] {
  const trimmed = line.trim();
  if (trimmed === '') return [];
  const clean = cleanPath(trimmed);
  const exception = clean.startsWith('!');
  const text = exception ? clean.slice(1) : clean;
  if (text === '') throw new EngineError('invalid', 'illegal exclusion pattern: "!"', { subject: '!' });
  // Says what is wrong with it.
  compileWildcard(text);
  return [{ text, exception, matches: compile(text) }];
}

/** Go's filepath.Clean: like Node's, but without a `/` at the end. */
export function cleanPath(path: string): string {
  const clean = posix.normalize(path);
  return clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean;
}

function compile(text: string): (path: string) => boolean {
  if (!/[*?[\]\\]/.test(text)) return (path) => path === text;
  const prefix = /^(?<before>[^*?[\]\\]+)\*\*$/.exec(text)?.groups?.['before'];
  if (prefix !== undefined) return (path) => path.startsWith(prefix);
  const suffix = /^\*\*(?<after>[^*?[\]\\]*)$/.exec(text)?.groups?.['after'];
  if (suffix !== undefined)
    return (path) => path.endsWith(suffix) || (suffix.startsWith('/') && path === suffix.slice(1));
  const matcher = compileParts(partsOf(text));
  return (path) => matcher.test(path);
}

/** Of a pattern that is known to be well-formed. */
function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < text.length; ) {
    if (text.startsWith('**', at)) {
      const next = at + (text[at + 2] === '/' ? 3 : 2);
      parts.push({ many: next === text.length ? 'all' : 'directories' });
      at = next;
    } else {
      const [part, next] = readPart(text, at);
      parts.push(part);
      at = next;
    }
  }
  return parts;
}
