import type { Instruction } from '../dockerfile/instruction.ts';
import { parseTrigger, triggerText } from '../dockerfile/trigger.ts';
import { Evaluation } from './evaluation.ts';
import { mountFields } from './run-mounts.ts';
import { sourceNamed } from './stage-source.ts';
import type { BuildScope, StagePlan } from './step.ts';

/** All stages of a file, and what holds for all of them. */
interface Stages {
  stages: readonly StagePlan[];
  scope: BuildScope;
}

/**
 * The stages that have to be there before a stage is complete: its base, and those that it copies from or mounts, also by
 * the triggers of a base in the same file. Throws `invalid` as {@link sourceNamed}: as a stage needs only those before it,
 * there are no circles.
 */
export function stageNeeds(all: Stages, stage: StagePlan): number[] {
  const base = stage.base.kind === 'stage' ? [stage.base.index] : [];
  const triggers = base.flatMap((index) => triggersOf(all.stages[index], stage.from));
  return unique([...base, ...instructionNeeds(all, stage.index, [...triggers, ...stage.instructions])]);
}

/** The stages that instructions of a stage copy from and mount. */
export function instructionNeeds(
  all: Stages,
  own: number,
  instructions: readonly Instruction[],
): readonly number[] {
  const { scope } = all;
  const found = instructions.flatMap((instruction) => {
    const one = new Evaluation(instruction, {
      file: scope.file,
      escape: scope.escape,
      environment: new Map(),
    });
    return namesIn(instruction).flatMap(({ flag, name }) => {
      const source = sourceNamed(one, all, own, name, flag);
      return source.kind === 'stage' ? [source.index] : [];
    });
  });
  return unique(found);
}

function triggersOf(base: StagePlan | undefined, from: Instruction): Instruction[] {
  return (base?.instructions ?? [])
    .filter(({ keyword }) => keyword === 'ONBUILD')
    .map((instruction) => parseTrigger(triggerText(instruction), from));
}

function namesIn({ keyword, flags }: Instruction): { flag: string; name: string }[] {
  return flags.flatMap(({ name: flag, value = '' }) => {
    if (keyword === 'COPY' && flag === 'from') return [{ flag, name: value }];
    if (keyword !== 'RUN' || flag !== 'mount') return [];
    const name = mountFields(value).find(([key]) => key === 'from')?.[1];
    // A variable there is refused when the mount is read.
    return name === undefined || /\$./.test(name) ? [] : [{ flag, name }];
  });
}

function unique(indexes: readonly number[]): number[] {
  return [...new Set(indexes)];
}
