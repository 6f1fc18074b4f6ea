import { EngineError } from '../../errors.ts';
import type { Instruction } from '../dockerfile/instruction.ts';
import type { BuildPlan, StagePlan, StageState, Step } from './step.ts';

/** An instruction that was understood, and what the stage is after it. */
export interface Evaluated {
  state: StageState;
  step: Step;
}

/**
 * Says what an instruction does, with its variables expanded by what the stage has come to. Pure: the state that is given
 * stays as it is. Throws `invalid`, with file, line and column, and the line itself in the hint.
 */
export function evaluate(
  _plan: BuildPlan,
  _stage: StagePlan,
  _state: StageState,
  instruction: Instruction,
): Evaluated {
  throw new EngineError('unsupported', `${instruction.keyword} cannot be evaluated yet`);
}
