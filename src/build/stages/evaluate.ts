import type { Instruction, Keyword } from '../dockerfile/instruction.ts';
import { declareArguments } from './arguments.ts';
import { CONFIG_INSTRUCTIONS, withVariables } from './config-instructions.ts';
import { copyStep } from './copy-instruction.ts';
import { environmentOf } from './environment.ts';
import { Evaluation } from './evaluation.ts';
import { pairs } from './pairs.ts';
import { proxyVariables } from './predefined.ts';
import { runStep } from './run-instruction.ts';
import { sourceNamed } from './stage-source.ts';
import type { BuildPlan, ConfigStep, StageConfig, StagePlan, StageState, Step } from './step.ts';
import { stepText } from './step-text.ts';

/** What is not expanded by the builder. */
const VERBATIM: readonly Keyword[] = ['CMD', 'ENTRYPOINT', 'HEALTHCHECK', 'MAINTAINER', 'ONBUILD', 'SHELL'];

/** An instruction that was understood, and what the stage is after it. */
export interface Evaluated {
  state: StageState;
  step: Step;
  /** Variables that were used and are not there. */
  missing: ReadonlySet<string>;
}

/**
 * Says what an instruction does, with its variables expanded by what the stage has come to. Pure: the state that is given
 * stays as it is. Throws `invalid` with the file, the line and the column in front, and the lines around below.
 */
export function evaluate(
  plan: BuildPlan,
  stage: StagePlan,
  state: StageState,
  instruction: Instruction,
): Evaluated {
  const { scope } = plan;
  const environment = new Map(state.environment);
  const one = new Evaluation(instruction, { file: scope.file, escape: scope.escape, environment });
  const { state: next, step } = evaluated(one, plan, stage, state);
  return { state: next, step, missing: one.missing };
}

function evaluated(
  one: Evaluation,
  plan: BuildPlan,
  stage: StagePlan,
  state: StageState,
): Omit<Evaluated, 'missing'> {
  const { instruction } = one;
  const { config } = state.config;
  const sourceOf = (flag: string) => (from: string) => sourceNamed(one, plan, stage.index, from, flag);
  switch (instruction.keyword) {
    case 'RUN': {
      const proxies = proxyVariables(plan.scope.buildArgs, state.environment);
      const options = { config, arguments: state.arguments, proxies, sourceOf: sourceOf('mount') };
      return { state, step: runStep(one, options) };
    }
    case 'COPY':
    case 'ADD': {
      const from = sourceOf('from')(one.flag('from') ?? '');
      return { state, step: copyStep(one, config.WorkingDir || '/', from) };
    }
    case 'ARG': {
      const { createdBy, ...declared } = declareArguments(one, plan.scope, state);
      return { state: { ...state, ...declared }, step: configStep(one, createdBy) };
    }
    case 'MAINTAINER': {
      const author = instruction.rest;
      const changed = { ...state.config, author };
      return { state: { ...state, config: changed }, step: configStep(one, `MAINTAINER ${author}`) };
    }
    case 'FROM':
      throw one.wrong('FROM begins a stage');
    default:
      return changedConfig(one, state);
  }
}

function changedConfig(one: Evaluation, state: StageState): Omit<Evaluated, 'missing'> {
  const { instruction } = one;
  const config = { ...state.config.config };
  const createdBy = CONFIG_INSTRUCTIONS[instruction.keyword]?.(config, one);
  const commandGiven = state.commandGiven || instruction.keyword === 'CMD';
  // The base's command was one for another entrypoint.
  if (instruction.keyword === 'ENTRYPOINT' && !state.commandGiven) config.Cmd = undefined;
  const changed: StageConfig = { ...state.config, config };
  const next = { ...state, config: changed, environment: environmentAfter(one, state), commandGiven };
  if (instruction.keyword !== 'WORKDIR' || config.WorkingDir === '/')
    return { state: next, step: configStep(one, createdBy) };
  const path = config.WorkingDir as string;
  const user = config.User || undefined;
  const words = { instruction, text: stepText(one), createdBy };
  return { state: next, step: { kind: 'directory', ...words, path, user } };
}

/** Only what ENV itself has set is new: an argument of a name that the config has keeps its value otherwise. */
function environmentAfter(one: Evaluation, { environment }: StageState): ReadonlyMap<string, string> {
  if (one.instruction.keyword !== 'ENV') return environment;
  const given = environmentOf({ Env: withVariables([], pairs(one)) });
  return new Map([...environment, ...given]);
}

function configStep(one: Evaluation, createdBy: string | undefined): ConfigStep {
  const text = stepText(one, { asWritten: VERBATIM.includes(one.instruction.keyword) });
  return { kind: 'config', instruction: one.instruction, text, createdBy };
}
