import type { Instruction } from '../../build/dockerfile/instruction.ts';
import { evaluate } from '../../build/stages/evaluate.ts';
import { openStage, type StageBase } from '../../build/stages/open-stage.ts';
import type { StagePlan, StageState, Step } from '../../build/stages/step.ts';
import { MediaType } from '../../oci/descriptor.ts';
import { layerDirectories } from '../store/layer-directories.ts';
import { type Build, historyOf } from './build.ts';
import type { BuiltStage } from './built-stage.ts';
import type { StepResult } from './cache.ts';
import { numberedInstructions } from './instructions.ts';
import { labelsOf } from './labels.ts';
import type { BuildInstruction } from './progress.ts';

/** A stage that is being built, and where in it. */
export interface StageAt {
  build: Build;
  plan: StagePlan;
  stage: BuiltStage;
  /** What progress calls the step that comes: `[build 2/4]`. */
  label: string;
  /** Absent: it is no instruction of the file. */
  instruction?: BuildInstruction | undefined;
}

/** Does a step that makes files. */
export type StepDoer = (at: StageAt, step: Exclude<Step, { kind: 'config' }>) => Promise<StepResult>;

/** Builds one stage, step by step. Throws what the first step throws that fails. */
export async function buildStage(build: Build, plan: StagePlan, doStep: StepDoer): Promise<BuiltStage> {
  const { plan: all, tasks } = build.parts;
  const numbers = numberedInstructions(all);
  const turn = (of: Instruction): BuildInstruction | undefined => {
    const numbered = numbers.get(of);
    if (numbered !== undefined) tasks.turn(numbered);
    return numbered;
  };
  turn(plan.from);
  const { base, inherited } = await baseOf(build, plan);
  const { state, instructions, needs } = openStage(all, plan, inherited);
  for (const index of needs) void build.stage(index);
  const labels = labelsOf(build.parts, plan, instructions);
  let stage: BuiltStage = { ...base, state };
  for (const instruction of instructions) {
    build.throwIfCancelled();
    const numbered = turn(instruction);
    const evaluated = evaluate(all, plan, stage.state, instruction);
    const { step } = evaluated;
    if (step.kind === 'config') {
      stage = withConfig(stage, evaluated.state, step.createdBy);
      continue;
    }
    const label = labels.next(stage.state.environment);
    const result = await doStep({ build, plan, stage, label, instruction: numbered }, step);
    stage = withStep({ ...stage, state: evaluated.state }, step.createdBy, result);
  }
  return stage;
}

/** What a stage begins with. */
export async function baseOf(
  build: Build,
  plan: StagePlan,
): Promise<{ base: Omit<BuiltStage, 'state'>; inherited: StageBase | undefined }> {
  const { base, platform } = plan;
  if (base.kind === 'stage') {
    const { state, ...below } = await build.stage(base.index);
    return { base: below, inherited: state };
  }
  if (base.kind !== 'image')
    return {
      base: { layers: [], history: [], inherited: { layers: 0, history: 0 }, steps: 0, created: undefined },
      inherited: undefined,
    };
  const wanted = platform ?? build.parts.platform;
  const label = labelsOf(build.parts, plan, plan.instructions).from();
  const { config, layers } = await build.image(base.reference, wanted, `${label} FROM`);
  const { rootfs: _layers, history, created, ...rest } = config;
  const counts = { layers: layers.length, history: history.length };
  return {
    base: { layers, history, inherited: counts, steps: 0, created },
    inherited: { config: { ...rest, created } },
  };
}

function withConfig(stage: BuiltStage, state: StageState, createdBy: string | undefined): BuiltStage {
  if (createdBy === undefined) return { ...stage, state };
  const entry = historyOf({ created: stage.created, created_by: createdBy, empty_layer: true });
  return { ...stage, state, history: [...stage.history, entry] };
}

/** A stage with what one more step has come to. */
export function withStep(
  stage: BuiltStage,
  createdBy: string | undefined,
  { layer, createdAt }: StepResult,
): BuiltStage {
  const created = new Date(createdAt).toISOString();
  const entry = historyOf({
    created,
    created_by: createdBy,
    empty_layer: layer === undefined ? true : undefined,
  });
  const history = [...stage.history, entry];
  const steps = stage.steps + 1;
  if (layer === undefined) return { ...stage, history, steps, created };
  const { diffID, size } = layer;
  const descriptor = { mediaType: MediaType.ociLayer, digest: diffID, size };
  const { chainID } = layer;
  return { ...stage, layers: [...stage.layers, { descriptor, diffID, chainID }], history, steps, created };
}

/** The directories of a stage's layers, topmost first. */
export function lowersOf({ build, stage }: Pick<StageAt, 'build' | 'stage'>): string[] {
  return layerDirectories(
    build.parts.context,
    stage.layers.map(({ chainID }) => chainID),
    undefined,
  );
}
