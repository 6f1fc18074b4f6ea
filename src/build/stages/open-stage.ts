import type { Instruction } from '../dockerfile/instruction.ts';
import { parseTrigger } from '../dockerfile/trigger.ts';
import { DEFAULT_PATH, environmentOf } from './environment.ts';
import { joinedPath } from './paths.ts';
import { instructionNeeds } from './stage-needs.ts';
import { contextNamed } from './stage-source.ts';
import type { BuildPlan, StageConfig, StagePlan, StageState } from './step.ts';

/** What a stage stands on. A {@link StageState} is one: its arguments are inherited. An image has none. */
export interface StageBase {
  config: StageConfig;
  arguments?: ReadonlyMap<string, string | undefined>;
  environment?: ReadonlyMap<string, string>;
}

/** A stage whose instructions can be evaluated, one after the other. */
export interface OpenStage {
  state: StageState;
  /** ONBUILD triggers of its base, then its own. */
  instructions: readonly Instruction[];
  /** Stages that triggers of an image need besides those of the plan, by index. */
  needs: readonly number[];
}

/**
 * Begins a stage on its base; undefined is `scratch`. The base's triggers become instructions, and are its config's no
 * more; every image knows where programs are looked for. Throws `invalid` for triggers that are no instructions.
 */
export function openStage(plan: BuildPlan, stage: StagePlan, base: StageBase | undefined): OpenStage {
  const inherited = base?.config ?? emptyConfig(plan, stage);
  const { OnBuild = [], ...execution } = inherited.config;
  // A context in place of a stage is complete: nothing runs on it.
  const isReplaced = stage.name !== undefined && contextNamed(stage.name, plan.scope.contexts) !== undefined;
  const triggers = isReplaced ? [] : OnBuild.map((trigger) => parseTrigger(trigger, stage.from));
  const variables = environmentOf(execution);
  const Env = variables.has('PATH') ? execution.Env : [...(execution.Env ?? []), `PATH=${DEFAULT_PATH}`];
  const WorkingDir = execution.WorkingDir ? joinedPath('', execution.WorkingDir) : undefined;
  const config = { ...inherited, config: { ...execution, Env, WorkingDir } };
  const environment = new Map(base?.environment ?? variables);
  if (!environment.has('PATH')) environment.set('PATH', DEFAULT_PATH);
  const state = { config, arguments: base?.arguments ?? new Map(), environment, commandGiven: false };
  const needs = instructionNeeds(plan, stage.index, triggers).filter((index) => !stage.needs.includes(index));
  return { state, instructions: [...triggers, ...stage.instructions], needs };
}

function emptyConfig({ scope }: BuildPlan, { platform }: StagePlan): StageConfig {
  const { os, architecture, variant } = platform ?? scope.platform;
  return { os, architecture, variant, config: { WorkingDir: '/' } };
}
