import { EngineError } from '../../errors.ts';
import { cleanPath, PatternList } from './patterns.ts';

/** What an ignore file leaves out of a context. */
export interface IgnoreRules {
  /** As messages call it: `.dockerignore`. */
  name: string;
  patterns: PatternList;
}

/**
 * Reads the patterns of an ignore file as Docker does (docs.docker.com, "Build context", ".dockerignore files"): lines that begin
 * with `#` are comments, blanks around a pattern are none of it, `/` at its beginning means the root, as everything does.
 */
export function ignoreLines(text: string): string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map(readLine);
}

/** Reads an ignore file, as `ignoreLines`. Throws `invalid` for a pattern that is malformed. */
export function parseIgnore(text: string, name: string): IgnoreRules {
  try {
    return { name, patterns: new PatternList(ignoreLines(text)) };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const { kind, message, hint, subject } = error;
    throw new EngineError(kind, `${name}: ${message}`, { hint, subject });
  }
}

function readLine(line: string): string {
  const trimmed = line.trim();
  const exception = trimmed.startsWith('!');
  const pattern = exception ? trimmed.slice(1).trim() : trimmed;
  const clean = pattern === '' ? '' : cleanPath(pattern).replace(/^\/(?=.)/, '');
  return exception ? `!${clean}` : clean;
}
