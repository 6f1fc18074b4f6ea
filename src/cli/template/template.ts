import { EngineError } from '../../errors.ts';
import { shownOnOutput } from '../text/visible.ts';
import { executeTemplate } from './evaluator.ts';
import { rootFields } from './fields.ts';
import { FUNCTION_NAMES, FUNCTIONS, type Functions, HEADER_FUNCTIONS } from './functions.ts';
import { type ParsedTemplate, type Pipe, parseGoTemplate } from './parser.ts';
import { renderTable } from './table.ts';
import { formatValue } from './values.ts';

/** A value of a line, or a method that a template calls with arguments: `.Label "k"`. */
export type FieldValue = string | boolean | number | null | ((...args: string[]) => string);

/** The fields of a line of a listing, by the names that Docker's templates use: in the order that JSON has them. */
export type Fields = Readonly<Record<string, FieldValue>>;

/** The fields that a listing has, with the headers of their columns. */
export type Headers = Readonly<Record<string, string | ((...args: string[]) => string)>>;

/** A template that was understood: every field of a line that it names exists. */
export interface Template {
  /** Text that ends with a newline unless there is nothing. */
  render(rows: readonly Fields[]): string;
  /** The fields that it names: what no template shows need not be looked up. */
  readonly fields: ReadonlySet<string>;
}

/**
 * Reads `--format` of a listing: a template of Go's text/template with Docker's functions for each line, the word
 * `json` for `{{json .}}`, and `table` before a template for columns with headers. `\t` and `\n` may be written so.
 * `shown` is what becomes of values: see {@link shownOnOutput}. Throws `invalid`, also for a field that lines do not have.
 */
export function parseTemplate(
  format: string,
  headers: Headers,
  shown: (text: string) => string = shownOnOutput(),
): Template {
  const [, table, text = ''] =
    /^(table(?:\s+|$))?(.*)$/s.exec(format === 'json' ? '{{json .}}' : format) ?? [];
  const parsed = named('failed to parse template', () => parseGoTemplate(unescaped(text), FUNCTION_NAMES));
  const fields = checkFields(parsed, headers);
  const execute = (values: Fields | Headers, functions: Functions) =>
    named('failed to execute template', () => executeTemplate(parsed, values, functions, shown));
  const line = plainLine(parsed, shown) ?? ((row: Fields) => execute(row, FUNCTIONS));
  if (table === undefined) return { fields, render: (rows) => rows.map((row) => `${line(row)}\n`).join('') };
  const header = execute(headers, HEADER_FUNCTIONS);
  return {
    fields,
    render: (rows) =>
      renderTable(
        header.split('\t'),
        rows.map((row) => line(row).split('\t')),
      ),
  };
}

/** A template for whole objects, as `inspect --format` has it. */
export interface ObjectTemplate {
  /** The text ends with a newline. */
  render(value: object): string;
}

/** Reads the `--format` of `inspect`. Throws `invalid`; rendering does, too, for a field that an object does not have. */
export function parseObjectTemplate(
  format: string,
  shown: (text: string) => string = shownOnOutput(),
): ObjectTemplate {
  const parsed = named('template parsing error', () => parseGoTemplate(format, FUNCTION_NAMES));
  return {
    render: (value) =>
      `${named('template parsing error', () => executeTemplate(parsed, value, FUNCTIONS, shown))}\n`,
  };
}

/** Puts before an error of a template what was done with it, in Docker's words. */
function named<T>(what: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const { kind, message, subject, hint } = error;
    throw new EngineError(kind, `${what}: ${message}`, { subject, hint, cause: error.cause });
  }
}

function checkFields(template: ParsedTemplate, headers: Headers): Set<string> {
  const used = new Set<string>();
  for (const { name, at } of rootFields(template)) {
    used.add(name);
    if (Object.hasOwn(headers, name)) continue;
    const { source } = template;
    const place = `${source.slice(0, at).split('\n').length}:${at - source.lastIndexOf('\n', at - 1) - 1}`;
    throw new EngineError(
      'invalid',
      `failed to execute template: template: :${place}: executing "" at <.${name}>: can't evaluate field ${name}`,
      { subject: source, hint: `the fields are ${Object.keys(headers).join(', ')}` },
    );
  }
  return used;
}

/** Most templates are text and fields: a thousand lines of one are made ten times as fast without the evaluator. */
function plainLine(
  { nodes }: ParsedTemplate,
  shown: (text: string) => string,
): ((row: Fields) => string) | undefined {
  const parts: { text: string; isField: boolean }[] = [];
  for (const node of nodes) {
    const name = node.kind === 'action' ? plainField(node.pipe) : undefined;
    if (node.kind === 'text') parts.push({ text: node.text, isField: false });
    else if (name === undefined) return undefined;
    else parts.push({ text: name, isField: true });
  }
  return (row) => {
    let line = '';
    for (const { text, isField } of parts) line += isField ? shown(plainValue(row[text])) : text;
    return line;
  };
}

/** `.Name`, and nothing else. */
function plainField({ commands, declared }: Pipe): string | undefined {
  const [operand, ...more] = commands.flatMap(({ operands }) => operands);
  if (declared.length > 0 || more.length > 0 || operand?.kind !== 'field') return undefined;
  return operand.names.length === 1 ? operand.names[0] : undefined;
}

function plainValue(value: FieldValue | undefined): string {
  if (typeof value === 'string') return value;
  return formatValue(typeof value === 'function' ? value() : value);
}

function unescaped(text: string): string {
  return text.replaceAll('\\t', '\t').replaceAll('\\n', '\n');
}
