import { EngineError } from '../../errors.ts';
import { type ComplaintDetails, complaint, type FileText } from '../dockerfile/complaint.ts';
import type { Instruction, Position } from '../dockerfile/instruction.ts';
import { type Expanded, type ExpandOptions, ExpansionError, expand } from '../words/expand.ts';

/** What an instruction is evaluated with. */
export interface EvaluationOptions {
  /** The file that it stands in; absent: it stands in none, and messages name no place. */
  file: FileText | undefined;
  /** The character that escapes. */
  escape: string;
  /** What variables stand for. */
  environment: ReadonlyMap<string, string>;
}

/** One instruction that is being evaluated: how its words are expanded, and how it complains. */
export class Evaluation {
  readonly instruction: Instruction;
  readonly environment: ReadonlyMap<string, string>;
  readonly escape: string;
  /** Variables that were used and are not there. */
  readonly missing = new Set<string>();
  readonly #file: FileText | undefined;

  constructor(instruction: Instruction, { file, escape: mark, environment }: EvaluationOptions) {
    this.instruction = instruction;
    this.escape = mark;
    this.environment = environment;
    this.#file = file;
  }

  /** Expands a word of the instruction. */
  expand(text: string): string {
    return this.#expand(text, {}).text;
  }

  /** Expands a text of which words are to be made. */
  expandWords(text: string): readonly string[] {
    return this.#expand(text, {}).words;
  }

  /** Expands a document: quotes mean nothing there, and a backslash escapes. */
  expandDocument(text: string): string {
    return this.#expand(text, { quotes: 'ignore', escape: '\\' }).text;
  }

  #expand(text: string, options: Partial<ExpandOptions>): Expanded {
    const variables = (name: string) => this.environment.get(name);
    try {
      const expanded = expand(text, { variables, escape: this.escape, ...options });
      for (const name of expanded.missing) this.missing.add(name);
      return expanded;
    } catch (cause) {
      if (!(cause instanceof ExpansionError)) throw cause;
      throw this.wrong(`"${text}" cannot be expanded: ${cause.message}`, { cause });
    }
  }

  /** The value of a flag, as written; undefined: it is not given. A flag without a value is `true`. */
  flag(name: string): string | undefined {
    return this.flags(name).at(-1);
  }

  flags(name: string): string[] {
    return this.instruction.flags.filter((flag) => flag.name === name).map(({ value = 'true' }) => value);
  }

  /** Whether a flag is given, and not as `false`. */
  isOn(name: string): boolean {
    return this.flag(name) === 'true';
  }

  /** Where a flag stands; the instruction, when it is not given. */
  flagAt(name: string): Position {
    return this.instruction.flags.find((flag) => flag.name === name)?.at ?? this.instruction.start;
  }

  /** The error for this instruction. */
  wrong(message: string, details: ComplaintDetails & { at?: Position | undefined } = {}): EngineError {
    const { at = this.instruction.start, ...others } = details;
    if (this.#file === undefined)
      return new EngineError(details.kind ?? 'invalid', message, {
        hint: details.hint,
        cause: details.cause,
      });
    const endLine = Math.max(at.line, this.instruction.endLine);
    return complaint(this.#file, at, message, { endLine, ...others });
  }
}
