import { EngineError } from '../../errors.ts';
import { renderTable } from './table.ts';

/** What one line of a listing says: text by the field's name, as Docker's templates call it. */
export type Fields = Readonly<Record<string, string>>;

/** The fields that a listing has, with the headers of their columns. */
export type Headers = Readonly<Record<string, string>>;

/** A template that was understood: every field in it exists. */
export interface Template {
  /** Text that ends with a newline unless there is nothing. */
  render(rows: readonly Fields[]): string;
}

/**
 * Reads `--format` as far as listings need Go templates: `{{.Field}}`, `{{json .Field}}`, `{{json .}}`, the word `json`
 * for the last one, and `table` before a template for columns with headers. `\t` and `\n` may be written so. Throws
 * `invalid` for anything else, naming it.
 */
export function parseTemplate(format: string, headers: Headers): Template {
  const [, table, text = ''] =
    /^(table(?:\s+|$))?(.*)$/s.exec(format === 'json' ? '{{json .}}' : format) ?? [];
  const parts = parseParts(unescaped(text), headers);
  const line = (fields: Fields) =>
    parts.map((part) => (typeof part === 'string' ? part : part(fields))).join('');
  if (table === undefined) return { render: (rows) => rows.map((fields) => `${line(fields)}\n`).join('') };
  const cells = (fields: Fields) => line(fields).split('\t');
  return { render: (rows) => renderTable(cells(headers), rows.map(cells)) };
}

type Part = string | ((fields: Fields) => string);

function parseParts(text: string, headers: Headers): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(/\{\{(.*?)\}\}/gs)) {
    parts.push(text.slice(end, match.index), action(match[1]?.trim() ?? '', headers));
    end = match.index + match[0].length;
  }
  const rest = text.slice(end);
  if (rest.includes('{{')) throw invalid(rest, 'an action that begins with {{ ends with }}');
  return [...parts, rest];
}

function action(text: string, headers: Headers): Part {
  const [, json, name = ''] = /^(json\s+)?\.(\w*)$/.exec(text) ?? [];
  if (name === '' && json !== undefined && /^json\s+\.$/.test(text))
    return (fields) => JSON.stringify(fields);
  if (name === '')
    throw invalid(`{{${text}}}`, 'what is understood: {{.Field}}, {{json .Field}}, {{json .}}');
  if (!Object.hasOwn(headers, name))
    throw invalid(`{{${text}}}`, `the fields are ${Object.keys(headers).join(', ')}`);
  return (fields) => (json === undefined ? (fields[name] ?? '') : JSON.stringify(fields[name] ?? ''));
}

function unescaped(text: string): string {
  return text.replaceAll('\\t', '\t').replaceAll('\\n', '\n');
}

function invalid(what: string, hint: string): EngineError {
  return new EngineError('invalid', `--format does not understand ${what}`, { subject: what, hint });
}
