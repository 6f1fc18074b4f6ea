import type { EngineError } from '../../errors.ts';
import { type ComplaintDetails, complaint, type FileText, meant } from './complaint.ts';
import { readDirectives } from './directives.ts';
import { execForm, isWrong } from './exec-form.ts';
import { FLAGS, takeFlags } from './flags.ts';
import { heredocMarkers, readHeredoc } from './heredocs.ts';
import {
  type Dockerfile,
  type Flag,
  type Heredoc,
  type Instruction,
  KEYWORDS,
  type Keyword,
  type Position,
} from './instruction.ts';
import { isComment, joinLines, type LogicalLine, positionOf } from './logical-line.ts';

/** The largest file that is read, in characters: BuildKit's limit, in bytes. */
const LARGEST = 2 * 1024 * 1024;

const HAS_EXEC_FORM: readonly Keyword[] = ['ADD', 'CMD', 'COPY', 'ENTRYPOINT', 'RUN', 'SHELL', 'VOLUME'];
const HAS_HEREDOCS: readonly Keyword[] = ['ADD', 'COPY', 'RUN'];
/** What has to stand behind each; not behind those that are left out. */
const NEEDS: Readonly<Partial<Record<Keyword, string>>> = {
  ADD: 'a source and a destination',
  ARG: 'a name',
  COPY: 'a source and a destination',
  ENV: 'an argument',
  EXPOSE: 'an argument',
  FROM: 'an image, a stage or scratch',
  HEALTHCHECK: 'NONE, or CMD and a command',
  LABEL: 'an argument',
  MAINTAINER: 'exactly one argument',
  ONBUILD: 'an instruction',
  SHELL: 'a JSON list of words',
  STOPSIGNAL: 'exactly one argument',
  USER: 'exactly one argument',
  VOLUME: 'a path',
  WORKDIR: 'exactly one argument',
};
const NO_TRIGGERS: readonly Keyword[] = ['FROM', 'MAINTAINER', 'ONBUILD'];

/** How a Dockerfile is read. */
export interface ParseOptions {
  /** What messages call it. */
  name: string;
}

/**
 * Reads a Dockerfile as BuildKit does: directives, comments, lines that go on, documents below an instruction. Throws
 * `invalid` with the file, the line and the column in front, and the lines around below; the hint has the word that was
 * probably meant.
 */
export function parseDockerfile(text: string, { name }: ParseOptions): Dockerfile {
  const whole = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const raw = whole.split('\n');
  if (raw.at(-1) === '') raw.pop();
  const lines = raw.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  const file = { name, lines };
  const start = { line: 1, column: 1 };
  if (whole.length > LARGEST) throw complaint(file, start, `a Dockerfile has at most ${LARGEST} characters`);
  if (whole.includes('\0')) throw complaint(file, placeOfNul(lines), 'a Dockerfile has no NUL characters');
  const directives = readDirectives(file);
  const mark = directives.values.escape ?? '\\';
  const instructions = [...new Reader(file, raw, mark).instructions(directives.lines)];
  if (instructions.length === 0) throw complaint(file, start, 'there are no instructions');
  return { name, lines, directives: directives.values, escape: mark, instructions };
}

function placeOfNul(lines: readonly string[]): Position {
  const index = lines.findIndex((line) => line.includes('\0'));
  return { line: index + 1, column: (lines[index] ?? '').indexOf('\0') + 1 };
}

class Reader {
  readonly #file: FileText;
  /** The lines with their carriage returns, which documents keep. */
  readonly #raw: readonly string[];
  readonly #escape: string;

  constructor(file: FileText, raw: readonly string[], mark: string) {
    this.#file = file;
    this.#raw = raw;
    this.#escape = mark;
  }

  /** From a line on, by its index. */
  *instructions(from: number): Generator<Instruction> {
    const { lines } = this.#file;
    let comments: string[] = [];
    for (let index = from; index < lines.length; ) {
      const line = lines[index] as string;
      if (isComment(line)) {
        const comment = line.trim().slice(1).trim();
        comments = comment === '' ? [] : [...comments, comment];
        index += 1;
      } else if (line.trim() === '') {
        comments = [];
        index += 1;
      } else {
        const joined = joinLines(lines, index, this.#escape);
        // An escape alone, and nothing that it goes on with.
        if (joined.text.trim() !== '') {
          const instruction = this.#instruction(joined, comments);
          yield instruction;
          index = instruction.endLine;
        } else index = joined.endLine;
        comments = [];
      }
    }
  }

  #instruction(line: LogicalLine, comments: readonly string[]): Instruction {
    const command = this.#command(line, 0, line.text);
    const heredocs = this.#heredocs(line, command);
    const start = positionOf(line, 0);
    const endLine = heredocs.endLine;
    return {
      ...command,
      heredocs: heredocs.documents,
      start,
      endLine,
      line: line.text.trim(),
      source: this.#file.lines.slice(start.line - 1, endLine).join('\n'),
      comments,
      isTrigger: false,
      emptyContinuation: line.emptyContinuation,
    };
  }

  /** Keyword, flags and the rest of a text, which stands at an offset of the line. */
  #command(line: LogicalLine, offset: number, text: string) {
    const [, word = '', blanks = '', behind = ''] = /^(\S+)(\s*)(.*)$/s.exec(text) ?? [];
    const keyword = word.toUpperCase() as Keyword;
    const wrong = (message: string, at = offset, details: ComplaintDetails = {}) =>
      this.#wrong(line, at, message, details);
    if (!KEYWORDS.includes(keyword))
      throw wrong(`unknown instruction: ${word}`, offset, { hint: meant(keyword, KEYWORDS) });
    const taken = takeFlags(behind);
    const begin = offset + word.length + blanks.length;
    const flags = this.#flags(line, keyword, taken.flags, begin);
    const rest = behind.slice(taken.end).trimEnd();
    const restAt = begin + taken.end;
    const needed = NEEDS[keyword];
    if (rest === '' && needed !== undefined) throw wrong(`${keyword} needs ${needed}`);
    if (keyword === 'ONBUILD') this.#trigger(line, restAt, rest);
    const words = HAS_EXEC_FORM.includes(keyword) ? execForm(rest) : undefined;
    if (isWrong(words)) throw wrong(`${rest} is ${words.isA}`, restAt, { hint: words.hint });
    return { keyword, word, flags, rest, restAt: positionOf(line, restAt), words };
  }

  #trigger(line: LogicalLine, offset: number, text: string): void {
    const { keyword } = this.#command(line, offset, text);
    if (NO_TRIGGERS.includes(keyword))
      throw this.#wrong(line, offset, `${keyword} cannot be the instruction of an ONBUILD`);
  }

  #flags(
    line: LogicalLine,
    keyword: Keyword,
    words: readonly { text: string; offset: number }[],
    begin: number,
  ): Flag[] {
    const known = FLAGS[keyword] ?? {};
    const flags: Flag[] = [];
    for (const { text, offset } of words) {
      const wrong = (message: string, hint?: string) => this.#wrong(line, begin + offset, message, { hint });
      const [, name = '', equals, value = ''] = /^--([^=]*)(=?)(.*)$/s.exec(text) ?? [];
      const kind = Object.hasOwn(known, name) ? known[name] : undefined;
      if (kind === undefined)
        throw wrong(`${keyword} has no flag --${name}`, meant(name, Object.keys(known), '--'));
      if (kind !== 'values' && flags.some((flag) => flag.name === name))
        throw wrong(`--${name} of ${keyword} is given twice`);
      if (kind !== 'switch' && equals === '') throw wrong(`--${name} of ${keyword} needs a value`);
      if (kind === 'switch' && equals !== '' && value !== 'true' && value !== 'false')
        throw wrong(`--${name} of ${keyword} is true or false, not "${value}"`);
      flags.push({ name, value: equals === '' ? undefined : value, at: positionOf(line, begin + offset) });
    }
    return flags;
  }

  /** The documents that the line asks for, one below the other, and the last line. */
  #heredocs(
    line: LogicalLine,
    command: { keyword: Keyword; rest: string; words: readonly string[] | undefined },
  ): { documents: readonly Heredoc[]; endLine: number } {
    const inner = command.keyword === 'ONBUILD' ? this.#command(line, 0, command.rest) : command;
    const documents: Heredoc[] = [];
    let next = line.endLine;
    if (!HAS_HEREDOCS.includes(inner.keyword) || inner.words !== undefined)
      return { documents, endLine: next };
    for (const { offset, ...marker } of heredocMarkers(line.text)) {
      const read = readHeredoc(this.#raw, next, marker);
      if (read === undefined)
        throw this.#wrong(line, offset, `the document "${marker.name}" has no end`, {
          hint: `its last line is ${marker.name} alone`,
        });
      documents.push({ ...marker, content: read.content, source: read.source, at: positionOf(line, offset) });
      next = read.next;
    }
    return { documents, endLine: next };
  }

  #wrong(line: LogicalLine, offset: number, message: string, details: ComplaintDetails = {}): EngineError {
    const at = positionOf(line, offset);
    return complaint(this.#file, at, message, { endLine: Math.max(at.line, line.endLine), ...details });
  }
}
