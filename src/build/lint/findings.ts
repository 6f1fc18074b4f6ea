import type { Instruction } from '../dockerfile/instruction.ts';
import { type CheckOptions, parseCheckOptions } from './check-options.ts';
import type { Rule } from './rules.ts';

/** A remark on a Dockerfile. */
export interface Finding {
  /** As BuildKit calls it, `StageNameCasing`; or of our own. */
  rule: string;
  /** What the rule wants. */
  description: string;
  /** Where it is explained. Absent: it is a practice of our own. */
  url: string | undefined;
  /** What is wrong here. */
  detail: string;
  /** The first and the last line of what is wrong. */
  lines: readonly [number, number];
}

/** Collects what is found, but for what the file does not want to hear. */
export class Findings {
  readonly #options: CheckOptions;
  readonly #found: Finding[] = [];

  constructor(options: CheckOptions) {
    this.#options = options;
  }

  /** Notes that an instruction breaks a rule; `lines` when it is not all of its lines. */
  add<Words extends readonly string[]>(
    { name, description, url, experimental, detail }: Rule<Words>,
    { start, endLine, comments }: Instruction,
    words: Words,
    lines: readonly [number, number] = [start.line, endLine],
  ): void {
    if (experimental === true && !includes(this.#options.experimental, name)) return;
    const own = comments.flatMap((comment) => /^check\s*=\s*(.*)$/.exec(comment)?.[1] ?? []);
    const isSkipped = [this.#options, ...own.map(parseCheckOptions)].some(({ skip }) => includes(skip, name));
    if (isSkipped) return;
    const finding = { rule: name, description, url, detail: detail(...words), lines };
    const isKnown = this.#found.some(
      (each) => each.rule === name && each.detail === finding.detail && each.lines[0] === lines[0],
    );
    if (!isKnown) this.#found.push(finding);
  }

  /** By line. */
  all(): Finding[] {
    return this.#found.toSorted((one, other) => one.lines[0] - other.lines[0]);
  }
}

function includes(names: 'all' | readonly string[], name: string): boolean {
  return names === 'all' || names.includes(name);
}
