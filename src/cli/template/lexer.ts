import { EngineError } from '../../errors.ts';

/** `text` is what stands between actions; the others are words inside of them. */
export type TokenKind =
  | 'text'
  | 'left'
  | 'right'
  | 'field'
  | 'dot'
  | 'variable'
  | 'word'
  | 'number'
  | 'character'
  | 'string'
  | 'symbol'
  | 'end';

export interface Token {
  kind: TokenKind;
  /** The text as written; without the dot of a field, and a string without its quotes, its escapes resolved. */
  text: string;
  /** The place in the template where it begins, in characters. */
  at: number;
  /** White space stands before it: `.A .B` are two operands, `.A.B` is one. */
  spaced: boolean;
}

const LEFT = /\{\{(?:-(?=\s))?/g;
const COMMENT = /\s*\/\*[\s\S]*?\*\/(\s+-)?\}\}/y;
const RIGHT = /(\s+-)?\}\}/y;
const WORD =
  /(?<space>\s+)|(?<string>"(?:[^"\\\n]|\\.)*")|(?<raw>`[^`]*`)|(?<character>'(?:[^'\\\n]|\\.)+')|(?<number>[+-]?(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?))|(?<field>\.[\p{L}_][\p{L}\p{N}_]*)|(?<variable>\$[\p{L}\p{N}_]*)|(?<word>[\p{L}_][\p{L}\p{N}_]*)|(?<symbol>:=|[=|,()])|(?<dot>\.)/uy;
/** Matches what may follow a name or a number: no other name may. */
const TERMINATOR = /[\s.,|:()]|\}\}|$/y;

/**
 * Splits a template of Go's text/template into tokens, the last one `end`. Trim markers (`{{- `, ` -}}`) and comments
 * have had their effect. Throws `invalid`, with the place.
 */
export function lexTemplate(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimStart = false;
  for (;;) {
    LEFT.lastIndex = at;
    const left = LEFT.exec(source);
    const trimsBefore = left?.[0].endsWith('-') === true;
    const raw = source.slice(at, left?.index ?? source.length);
    const text = trimmed(raw, { start: trimStart, end: trimsBefore });
    if (text !== '') tokens.push({ kind: 'text', text, at, spaced: false });
    if (left === null) return [...tokens, { kind: 'end', text: '', at: source.length, spaced: false }];
    const inside = left.index + left[0].length;
    const action = lexComment(source, inside) ?? lexAction(source, inside, left.index);
    tokens.push(...action.tokens);
    at = action.end;
    trimStart = action.trims;
  }
}

function trimmed(text: string, { start, end }: { start: boolean; end: boolean }): string {
  const begun = start ? text.trimStart() : text;
  return end ? begun.trimEnd() : begun;
}

interface LexedAction {
  tokens: Token[];
  end: number;
  /** The text that follows loses the white space at its start. */
  trims: boolean;
}

function lexComment(source: string, at: number): LexedAction | undefined {
  COMMENT.lastIndex = at;
  const comment = COMMENT.exec(source);
  if (comment === null) return undefined;
  return { tokens: [], end: COMMENT.lastIndex, trims: comment[1] !== undefined };
}

function lexAction(source: string, start: number, left: number): LexedAction {
  const tokens: Token[] = [{ kind: 'left', text: '{{', at: left, spaced: false }];
  let at = start;
  let spaced = false;
  for (;;) {
    RIGHT.lastIndex = at;
    const right = RIGHT.exec(source);
    if (right !== null) {
      tokens.push({ kind: 'right', text: '}}', at, spaced });
      return { tokens, end: RIGHT.lastIndex, trims: right[1] !== undefined };
    }
    WORD.lastIndex = at;
    const groups = WORD.exec(source)?.groups;
    if (groups === undefined) throw unexpected(source, at);
    const end = WORD.lastIndex;
    if (groups['space'] === undefined) tokens.push(tokenOf(source, groups, { at, end, spaced }));
    spaced = groups['space'] !== undefined;
    at = end;
  }
}

function tokenOf(
  source: string,
  groups: Partial<Record<string, string>>,
  { at, end, spaced }: { at: number; end: number; spaced: boolean },
): Token {
  const [kind, text] = Object.entries(groups).find(([, value]) => value !== undefined) ?? ['dot', '.'];
  const token = (kind: TokenKind, text: string): Token => ({ kind, text, at, spaced });
  switch (kind) {
    case 'string':
      return token('string', unquoted(source, text ?? '', at));
    case 'raw':
      return token('string', (text ?? '').slice(1, -1));
    case 'character':
      return token('character', unquoted(source, text ?? '', at));
    case 'field':
    case 'variable':
    case 'word':
    case 'number':
      TERMINATOR.lastIndex = end;
      if (!TERMINATOR.test(source)) throw templateError(source, at, `bad character ${runeName(source, end)}`);
      return token(kind, kind === 'field' ? (text ?? '').slice(1) : (text ?? ''));
    default:
      return token(kind as TokenKind, text ?? '');
  }
}

function unexpected(source: string, at: number): EngineError {
  const rest = source.slice(at);
  if (rest.trim() === '' || !rest.includes('}}')) return templateError(source, at, 'unclosed action');
  if (rest.startsWith('/*')) return templateError(source, at, 'unclosed comment');
  if (rest.startsWith('"')) return templateError(source, at, 'unterminated quoted string');
  if (rest.startsWith('`')) return templateError(source, at, 'unterminated raw quoted string');
  if (rest.startsWith("'")) return templateError(source, at, 'unterminated character constant');
  return templateError(source, at, `unexpected ${quote(rest[0])} in an action`);
}

/** Names a character as Go's %#U does. */
function runeName(source: string, at: number): string {
  const code = source.codePointAt(at) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCodePoint(code)}'`;
}

function quote(text = ''): string {
  return JSON.stringify(text);
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

const ESCAPE =
  /\\(?:(?<octal>[0-7]{3})|x(?<hex>[\da-fA-F]{2})|u(?<short>[\da-fA-F]{4})|U(?<long>[\da-fA-F]{8})|(?<other>[\s\S]))/g;

/** The text of a Go literal between quotes (Go specification, "String literals"). */
function unquoted(source: string, literal: string, at: number): string {
  return literal.slice(1, -1).replace(ESCAPE, (...found) => {
    const { octal, hex, short, long, other } = found.at(-1) as Record<string, string | undefined>;
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    const digits = hex ?? short ?? long;
    const code = Number.parseInt(digits ?? '0', 16);
    const letter = digits === undefined ? ESCAPES[other ?? ''] : undefined;
    if (code > 0x10ffff || (digits === undefined && letter === undefined))
      throw templateError(source, at, `invalid escape in ${literal}`);
    return letter ?? String.fromCodePoint(code);
  });
}

/** An error of a template that cannot be read, with its line, as Go words it. */
export function templateError(source: string, at: number, problem: string): EngineError {
  const line = source.slice(0, at).split('\n').length;
  return new EngineError('invalid', `template: :${line}: ${problem}`, {
    subject: source,
  });
}
