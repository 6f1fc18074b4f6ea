import type { Instruction } from '../../build/dockerfile/instruction.ts';
import type { BuildPlan } from '../../build/stages/step.ts';
import type { BuildInstruction } from './progress.ts';

/**
 * Numbers the instructions of all stages that a build needs, FROM included, in the order of the file. What ONBUILD has put
 * there has the number of FROM.
 */
export function numberedInstructions({
  stages,
  needed,
}: Pick<BuildPlan, 'stages' | 'needed'>): ReadonlyMap<Instruction, BuildInstruction> {
  const wanted = stages.filter(({ index }) => needed.includes(index));
  const all = wanted.flatMap(({ from, instructions }) => [from, ...instructions]);
  const total = all.length;
  return new Map(all.map((each, index) => [each, { number: index + 1, total, text: each.line }]));
}
