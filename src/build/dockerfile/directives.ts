import { complaint, type FileText } from './complaint.ts';

/** Directives that mean something. `syntax` asks for another reader of the file: there is one, and nothing is fetched. */
const KNOWN = ['syntax', 'escape', 'check'];

/** What a file says of itself. */
export interface Directives {
  values: Readonly<Record<string, string>>;
  /** How many lines that takes. */
  lines: number;
}

/**
 * Reads the directives, which stand before everything else, each on a line of its own: `# name=value`. The first line that
 * is none ends them, also a comment whose name is not known. Throws `invalid` for one that comes twice and for an escape
 * that cannot be.
 */
export function readDirectives(file: FileText): Directives {
  const found: Record<string, string> = {};
  let count = 0;
  for (const [index, line] of file.lines.entries()) {
    const [, word = '', value = ''] = /^\s*#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(\S.*?)\s*$/.exec(line) ?? [];
    const name = word.toLowerCase();
    if (!KNOWN.includes(name)) break;
    const at = { line: index + 1, column: line.search(/\S/) + 1 };
    if (Object.hasOwn(found, name)) throw complaint(file, at, `only one ${name} directive can be used`);
    if (name === 'escape' && value !== '\\' && value !== '`')
      throw complaint(file, at, `the escape "${value}" is neither a backslash nor a backtick`);
    found[name] = value;
    count += 1;
  }
  return { values: found, lines: count };
}
