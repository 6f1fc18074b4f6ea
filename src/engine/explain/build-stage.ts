import type { Instruction } from '../../build/dockerfile/instruction.ts';
import { evaluate } from '../../build/stages/evaluate.ts';
import { openStage } from '../../build/stages/open-stage.ts';
import { isRemote } from '../../build/stages/remote.ts';
import type { RunMount, RunStep, Source, StagePlan, Step } from '../../build/stages/step.ts';
import type { BuiltStage } from '../build/built-stage.ts';
import { keyOf, type StepKey, type StepResult } from '../build/cache.ts';
import { isAlone, isUncached, layerOn, placed, prepareStep } from '../build/do-step.ts';
import { labelsOf } from '../build/labels.ts';
import { sourceKey } from '../build/source-key.ts';
import { sourceFiles } from '../build/sources.ts';
import { baseOf, type StageAt, withStep } from '../build/stage.ts';
import type { BuildPreview } from './build-preview.ts';
import type { ExplainedMount, ExplainedRun, ExplainedStage, ExplainedStep } from './explained-build.ts';

type MakingStep = Exclude<Step, { kind: 'config' }>;

/** What becomes of a step, and what it comes to when the cache has that. */
type Fate = Pick<ExplainedStep, 'state' | 'why' | 'from'> & { result?: StepResult | undefined };

/**
 * Goes through a stage as a build does, and says in `preview.stages` of each step what becomes of it. Returns the stage with the
 * layers that are known. Throws what a build throws before its steps run.
 */
export async function explainStage(preview: BuildPreview, plan: StagePlan): Promise<BuiltStage> {
  const { plan: all } = preview.parts;
  const explained: ExplainedStage = { ...outline(preview, plan), isNeeded: true };
  preview.stages.set(plan.index, explained);
  const { base, inherited } = await baseOf(preview, plan);
  if (plan.base.kind === 'stage') wait(preview, plan, preview.waitingFor.get(plan.base.index));
  const { state, instructions, needs } = openStage(all, plan, inherited);
  for (const index of [...plan.needs, ...needs]) {
    await preview.stage(index);
    preview.stages.get(index)?.neededBy.push(preview.nameOf(plan));
  }
  const labels = labelsOf(preview.parts, plan, instructions);
  let stage: BuiltStage = { ...base, state };
  for (const instruction of instructions) {
    const evaluated = evaluate(all, plan, stage.state, instruction);
    const { step } = evaluated;
    if (step.kind === 'config') {
      explained.steps.push({ ...wordsOf(step, instruction), state: 'config' });
      stage = { ...stage, state: evaluated.state };
      continue;
    }
    const label = labels.next(stage.state.environment);
    const { result, ...fate } = await fateOf(preview, { build: preview, plan, stage, label }, step);
    const run = step.kind === 'run' ? runOf(preview, step) : undefined;
    explained.steps.push({ label, ...wordsOf(step, instruction), ...fate, run });
    const reached = { ...stage, state: evaluated.state };
    stage = result === undefined ? reached : withStep(reached, step.createdBy, result);
    if (result === undefined) wait(preview, plan, `${label} ${step.text}`);
  }
  return stage;
}

/** What there is to be said of a stage that is not built. */
export function outline(preview: BuildPreview, plan: StagePlan): ExplainedStage {
  const { index, from, base } = plan;
  return {
    index,
    name: preview.nameOf(plan),
    line: from.start.line,
    from: sourceName(preview, base),
    isNeeded: false,
    neededBy: [],
    steps: [],
  };
}

/** The first one is told of: it is what the others wait for. */
function wait(preview: BuildPreview, { index }: StagePlan, step: string | undefined): void {
  if (step !== undefined && !preview.waitingFor.has(index)) preview.waitingFor.set(index, step);
}

function wordsOf({ text }: Step, { start }: Instruction): Pick<ExplainedStep, 'text' | 'line'> {
  return { text, line: start.line };
}

async function fateOf(preview: BuildPreview, at: StageAt, step: MakingStep): Promise<Fate> {
  const { cache, imports, options } = preview.parts;
  try {
    for (const source of sourcesOf(step)) await lookAt(preview, source);
    if (isUncached(options.noCache, at.plan)) return { state: 'done', why: 'it was asked to be done anew' };
    const awaited = waiting(preview, at, step);
    if (awaited !== undefined) return { state: 'unknown', why: awaited };
    const source = imports && (await sourceKey(at, step));
    const early = source?.isHere === false ? imports?.find(source.key, false) : undefined;
    if (early !== undefined) return { state: 'cached', result: early.result, from: early.from };
    const why = await unknown(preview, at, step);
    if (why !== undefined) return { state: 'unknown', why };
    const { key } = await prepareStep(at, step);
    const result = cache.find(keyOf(key));
    if (result !== undefined) return { state: 'cached', result };
    const elsewhere = isAlone(step) ? cache.findOnOthers(key) : undefined;
    if (elsewhere !== undefined)
      return { state: 'cached', result: { ...elsewhere, layer: layerOn(at.stage, elsewhere.layer) } };
    const imported = imports?.find(key);
    if (imported !== undefined) return { state: 'cached', result: imported.result, from: imported.from };
    return missed(preview, at, { key, step });
  } catch (error) {
    throw placed(at, step, error);
  }
}

function missed(
  preview: BuildPreview,
  { label }: StageAt,
  { key, step }: { key: StepKey; step: MakingStep },
): Fate {
  const digest = keyOf(key);
  const other = preview.doneBy.get(digest);
  if (other !== undefined) return { state: 'shared', why: `${other} does the same` };
  preview.doneBy.set(digest, `${label} ${step.text}`);
  const names = preview.parts.cache.difference(key);
  const why = names.length === 0 ? 'it was not done before' : `${names.join(', ')} changed`;
  return { state: 'done', why };
}

/** Which step has to be done before anything can be known of one. */
function waiting(preview: BuildPreview, { plan }: StageAt, step: MakingStep): string | undefined {
  const before = preview.waitingFor.get(plan.index);
  if (before !== undefined) return `it depends on what this makes: ${before}`;
  for (const source of sourcesOf(step)) {
    const awaited = source.kind === 'stage' ? preview.waitingFor.get(source.index) : undefined;
    if (awaited !== undefined) return `it takes files from what this makes: ${awaited}`;
  }
  return undefined;
}

/** Why it cannot be known whether the cache has a step before something is fetched. */
async function unknown(
  preview: BuildPreview,
  { stage }: StageAt,
  step: MakingStep,
): Promise<string | undefined> {
  if (step.kind === 'run') return undefined;
  const owner = step.kind === 'copy' ? step.chown : stage.state.config.config.User;
  if (owner && !preview.hasAll(stage.layers)) return 'it looks up an owner in a base that is not here';
  if (step.kind === 'directory') return undefined;
  if (step.add && step.sources.some(isRemote)) return 'it depends on what is fetched';
  const files = await sourceFiles(preview, step.from);
  const isHere = files.kind === 'directory' || preview.hasAll(files.layers);
  return isHere ? undefined : `it takes files from ${files.name}, which is not here`;
}

/** Finds out about images of which nobody can be sure yet whether the cache makes them needless. */
async function lookAt(preview: BuildPreview, source: Source): Promise<void> {
  const isImage = source.kind === 'image' || (source.kind === 'context' && source.name !== undefined);
  if (isImage) await sourceFiles(preview, source);
}

function sourcesOf(step: MakingStep): Source[] {
  if (step.kind === 'copy') return [step.from];
  return step.kind === 'run'
    ? step.mounts.flatMap((mount) => ('from' in mount ? (mount.from ?? []) : []))
    : [];
}

function runOf(preview: BuildPreview, { network, security, mounts }: RunStep): ExplainedRun {
  const { steps } = preview.parts.options;
  return {
    network: network === 'default' ? (steps.network ?? network) : network,
    security,
    mounts: mounts.map((mount) => mountOf(preview, mount)),
  };
}

function mountOf(preview: BuildPreview, mount: RunMount): ExplainedMount {
  const { type, target } = mount;
  switch (mount.type) {
    case 'bind':
      return { type, target, from: sourceName(preview, mount.from) };
    case 'cache':
      return { type, id: mount.id, target, from: mount.from && sourceName(preview, mount.from) };
    case 'tmpfs':
      return { type, target };
    case 'secret':
      return { type, id: mount.id, target, environment: mount.environment };
    case 'ssh':
      return { type, id: mount.id, target };
  }
}

function sourceName(preview: BuildPreview, source: Source): string {
  const { stages } = preview.parts.plan;
  switch (source.kind) {
    case 'scratch':
      return 'scratch';
    case 'stage':
      return `stage ${preview.nameOf(stages[source.index] ?? { name: undefined, index: source.index })}`;
    case 'image':
      return `image ${source.reference}`;
    case 'context':
      return source.name === undefined ? 'the context' : `context ${source.name}`;
  }
}
