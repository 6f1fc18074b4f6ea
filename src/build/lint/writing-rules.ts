import type { Dockerfile, Instruction } from '../dockerfile/instruction.ts';
import { isOldForm } from '../stages/pairs.ts';
import { splitWords } from '../words/split.ts';
import type { Findings } from './findings.ts';
import { RULES } from './rules.ts';

const RESERVED = ['context', 'scratch'];

/** What can be seen from how a file is written, before anything in it means something. */
export function checkWriting(findings: Findings, { instructions }: Dockerfile): void {
  checkCasing(findings, instructions);
  const names = new Set<string>();
  for (const instruction of instructions) {
    const { keyword, emptyContinuation: last, rest } = instruction;
    if (last !== undefined) findings.add(RULES.noEmptyContinuation, instruction, [], [last, last]);
    if (keyword === 'MAINTAINER') findings.add(RULES.maintainerDeprecated, instruction, []);
    if ((keyword === 'ENV' || keyword === 'LABEL') && isOldForm(rest))
      findings.add(RULES.legacyKeyValueFormat, instruction, [keyword]);
    if (keyword === 'FROM') checkStageName(findings, instruction, names);
    if (keyword === 'FROM' || keyword === 'ARG') checkDescription(findings, instruction);
  }
}

function checkCasing(findings: Findings, instructions: readonly Instruction[]): void {
  // The ARGs before the first FROM belong to no stage, and are not looked at.
  const first = instructions.findIndex(({ keyword }) => keyword === 'FROM');
  const inStages = instructions.slice(Math.max(0, first));
  const lower = inStages.filter(({ word }) => word === word.toLowerCase()).length;
  const upper = inStages.filter(({ word }) => word === word.toUpperCase()).length;
  for (const instruction of inStages) {
    const { word } = instruction;
    const wanted = lower > upper ? word.toLowerCase() : word.toUpperCase();
    if (word === wanted) continue;
    findings.add(RULES.consistentInstructionCasing, instruction, [
      word,
      lower > upper ? 'lowercase' : 'uppercase',
    ]);
  }
}

function checkStageName(findings: Findings, instruction: Instruction, names: Set<string>): void {
  const [, as, name] = instruction.rest.split(/\s+/);
  if (as === undefined || name === undefined) return;
  const { word } = instruction;
  const lower = name.toLowerCase();
  if (name !== lower) findings.add(RULES.stageNameCasing, instruction, [name]);
  const isLower = word === word.toLowerCase();
  // A FROM of both cases is a finding already.
  const isMixed = !isLower && word !== word.toUpperCase();
  if (!isMixed && as !== (isLower ? as.toLowerCase() : as.toUpperCase()))
    findings.add(RULES.fromAsCasing, instruction, [word, as]);
  if (RESERVED.includes(lower)) findings.add(RULES.reservedStageName, instruction, [lower]);
  if (names.has(lower)) findings.add(RULES.duplicateStageName, instruction, [lower]);
  names.add(lower);
}

/** The last comment above tells of the stage or the argument by its name. */
function checkDescription(findings: Findings, instruction: Instruction): void {
  const { keyword, rest } = instruction;
  const comment = instruction.comments.at(-1);
  const names =
    keyword === 'ARG'
      ? splitWords(rest).map((word) => word.split('=')[0] as string)
      : (rest.split(/\s+/)[2]?.toLowerCase() ?? '').split(' ').filter(Boolean);
  const [first] = names;
  if (comment === undefined || first === undefined || names.includes(comment.split(' ')[0] ?? '')) return;
  const example = names.length > 1 ? '<arg_key>' : first;
  findings.add(RULES.invalidDefinitionDescription, instruction, [keyword, example]);
}
