import { EngineError } from '../../errors.ts';
import type { Instruction } from '../dockerfile/instruction.ts';
import type { BuildPlan, StageConfig, StagePlan, StageState } from './step.ts';

/** What a stage stands on. A {@link StageState} is one: its arguments are inherited. An image has no arguments. */
export interface StageBase {
  config: StageConfig;
  arguments?: ReadonlyMap<string, string | undefined>;
}

/** A stage whose instructions can be evaluated, one after the other. */
export interface OpenStage {
  state: StageState;
  /** ONBUILD triggers of its base, then its own. */
  instructions: readonly Instruction[];
  /** Stages that triggers of the base need besides those of the plan, by index. */
  needs: readonly number[];
}

/** Begins a stage on its base; undefined is `scratch`. Throws `invalid` for triggers that are no instructions. */
export function openStage(_plan: BuildPlan, stage: StagePlan, _base: StageBase | undefined): OpenStage {
  throw new EngineError('unsupported', `stage ${stage.index} cannot be opened yet`);
}
