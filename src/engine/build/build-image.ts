import { cpus } from 'node:os';
import { basename } from 'node:path';
import { parseDockerfile } from '../../build/dockerfile/parse.ts';
import { planStages } from '../../build/stages/plan-stages.ts';
import { EngineError } from '../../errors.ts';
import type { Platform } from '../../oci/platform.ts';
import { imageNameOf } from '../images/name.ts';
import { Slots } from '../images/slots.ts';
import { removeAbandonedSteps } from '../lifecycle/steps.ts';
import { requireOverlay } from '../prepare/overlays.ts';
import { deadOwners, dropDeadLeases, takeLease } from '../store/blob-leases.ts';
import type { Context } from '../store/context.ts';
import { inWorkspace, type Workspace } from '../store/workspace.ts';
import { Build, type BuildParts } from './build.ts';
import { StepCache } from './cache.ts';
import { checkFiles, requireChecked } from './check.ts';
import { doStep } from './do-step.ts';
import { type BuiltImage, exportImages } from './export.ts';
import { fileTimes } from './file-times.ts';
import type { ImportedCaches, Importing } from './imported-caches.ts';
import { type OpenedContext, openContext } from './open-context.ts';
import type { BuildOptions, BuildOutput } from './options.ts';
import { type PlatformStage, writeFiles } from './output.ts';
import { planOptions } from './plan-options.ts';
import { Tasks } from './progress.ts';
import { SharedWork } from './shared-work.ts';
import { buildStage } from './stage.ts';
import type { StepRecorder } from './step-recorder.ts';

/**
 * Builds an image of a Dockerfile: stages that do not need each other side by side, what was built before from the cache. What
 * was done until something failed is kept there. For several platforms each is built, side by side, what is the same for some of them once,
 * and the result is an index. Throws `invalid` for a file that is wrong and for options that cannot be,
 * `cancelled` once `signal` has aborted, and what steps throw, with where they stand in the file. Undefined when no image
 * was asked for.
 */
export async function buildImage(context: Context, options: BuildOptions): Promise<BuiltImage | undefined> {
  checkNames(options);
  fileTimes(options);
  checkSquash(options);
  const outputs = outputsOf(options);
  requireOutputs(outputs, options);
  const tasks = new Tasks(options.progress);
  await requireOverlay(context, 'nothing can be built here');
  await checkSteps(options);
  return await inWorkspace(context, async (workspace) => {
    await clearAway(context);
    const { files, plans } = await readFiles(context, { options, workspace, tasks });
    requireChecked(context, files, options);
    for (const name of plans[0]?.plan.unusedArguments ?? [])
      options.progress.warn(`One or more build-args [${name}] were not consumed`);
    using lease = takeLease(context.database, []);
    const cache = new StepCache(context, workspace.layers, lease);
    const abort = new AbortController();
    const signal =
      options.signal === undefined ? abort.signal : AbortSignal.any([options.signal, abort.signal]);
    const slots = new Slots(cpus().length);
    const work = new SharedWork(workspace);
    const lent = { context, workspace, cache, lease, tasks, signal };
    const recorder = await recorderOf(options);
    const common = { ...lent, options, files, slots, work, recorder };
    try {
      const builds: Build[] = [];
      for (const own of plans) {
        const imports = await importsOf(options, lent, own.platform);
        const parts = { ...common, ...own, imports };
        builds.push(new Build(parts, async (of, stage) => await buildStage(of, stage, doStep)));
      }
      const stages = await buildStages(builds, abort);
      await writeFiles(common, stages, outputs);
      const built = await exportImages(await asAsked(stages, options), outputs);
      const [first] = builds;
      if (recorder !== undefined && first !== undefined) {
        const { exportCaches } = await import('./export-caches.ts');
        await exportCaches(
          first,
          recorder,
          stages.flatMap(({ stage }) => stage.layers),
        );
      }
      return built;
    } finally {
      await work.letGo();
      cache.close();
      // Not before: bases are here now, and what they have is known.
      options.onChecked?.(checkFiles(context, files, options));
    }
  });
}

/** What its steps are limited by is wrong also when all of them come from the cache. */
async function checkSteps({ steps: { resources = {} } }: BuildOptions): Promise<void> {
  if (Object.values(resources).every((limit) => limit === undefined)) return;
  const { checkLimits } = await import('./check-limits.ts');
  checkLimits(resources);
}

/** With `squash` each stage has one layer of its own. */
async function asAsked(
  stages: readonly PlatformStage[],
  { squash: isAsked }: BuildOptions,
): Promise<readonly PlatformStage[]> {
  if (isAsked !== true) return stages;
  const { squash } = await import('./squash.ts');
  const squashed: PlatformStage[] = [];
  for (const each of stages) squashed.push({ ...each, stage: await squash(each.build, each.stage) });
  return squashed;
}

type PlatformPlan = Pick<BuildParts, 'plan' | 'platform'>;

/** The caches of others, when some are asked for. */
async function importsOf(
  { cacheFrom = [], credentials, progress }: BuildOptions,
  lent: Importing,
  platform: Platform | undefined,
): Promise<ImportedCaches | undefined> {
  if (cacheFrom.length === 0) return undefined;
  const { importCaches } = await import('./imported-caches.ts');
  return await importCaches(cacheFrom, lent, {
    platform,
    credentials,
    warn: (sentence) => progress.warn(sentence),
  });
}

/** Who writes down what is passed on, when something is. */
async function recorderOf({ cacheTo = [] }: BuildOptions): Promise<StepRecorder | undefined> {
  if (cacheTo.length === 0) return undefined;
  const { StepRecorder } = await import('./step-recorder.ts');
  return new StepRecorder();
}

/** Throws `invalid` for an output that cannot have what is to be built. */
function requireOutputs(outputs: readonly BuildOutput[], { platforms = [] }: BuildOptions): void {
  const isDocker = outputs.some((output) => output.kind === 'archive' && output.format === 'docker');
  if (platforms.length < 2 || !isDocker) return;
  throw new EngineError('invalid', 'docker exporter does not currently support exporting manifest lists', {
    hint: 'type=oci takes images for several platforms',
  });
}

/** Removes what builds that were killed have left. */
async function clearAway(context: Context): Promise<void> {
  const { database } = context;
  await removeAbandonedSteps(context);
  if (deadOwners(database).length > 0) database.transaction(() => dropDeadLeases(database));
}

function outputsOf({ outputs = [{ kind: 'image' }] }: BuildOptions): readonly BuildOutput[] {
  return outputs;
}

/** Throws `invalid` for a name that none can be, before anything is done. */
function checkNames({ names, outputs = [] }: BuildOptions): void {
  const others = outputs.flatMap((output) => ('form' in output ? (output.form?.names ?? []) : []));
  for (const name of [...names, ...others]) {
    if (imageNameOf(name) === undefined) throw new EngineError('invalid', 'the name of an image is empty');
  }
}

function checkSquash({ squash: isAsked, outputs = [{ kind: 'image' }], cacheTo = [] }: BuildOptions): void {
  if (isAsked !== true) return;
  if (cacheTo.some(({ kind }) => kind === 'inline'))
    throw new EngineError(
      'invalid',
      'a squashed image has no layers of steps that a cache in it could tell of',
      {
        hint: 'write the cache beside it: --cache-to type=registry,ref=NAME or type=local,dest=DIRECTORY',
      },
    );
  if (outputs.some(({ kind }) => kind === 'image' || kind === 'archive')) return;
  throw new EngineError('invalid', 'there is no image whose layers could be squashed', {
    hint: 'leave --squash out, or ask for an image: --output type=image',
  });
}

async function readFiles(
  context: Context,
  { options, workspace, tasks }: { options: BuildOptions; workspace: Workspace; tasks: Tasks },
): Promise<{ files: OpenedContext; plans: PlatformPlan[] }> {
  const { source, file, platforms = [undefined], secrets, signal } = options;
  const named = typeof file === 'string' ? basename(file) : 'Dockerfile';
  const read = await tasks.do(`[internal] load build definition from ${named}`, async (task) => {
    const files = await openContext(context, {
      source,
      file,
      scratch: () => workspace.tmp(),
      secrets,
      signal,
    });
    const { name, text } = files.dockerfile;
    task.note(`transferring dockerfile: ${Buffer.byteLength(text)}B done`);
    const dockerfile = parseDockerfile(text, { name });
    const plans = platforms.map((platform: Platform | undefined) => ({
      platform,
      plan: planStages(dockerfile, planOptions(options, platform)),
    }));
    return { files, plans };
  });
  // It was read with the other, which may have one of its own.
  const { ignore } = read.files;
  const task = tasks.begin('[internal] load .dockerignore');
  task.note(`transferring context: ${Buffer.byteLength(ignore?.text ?? '')}B done`);
  task.end({ kind: 'done' });
  return read;
}

/** Builds what is needed, side by side. The first failure ends the others, and is thrown when all have come to rest. */
async function buildStages(builds: readonly Build[], abort: AbortController): Promise<PlatformStage[]> {
  let failure: { error: unknown } | undefined;
  const fail = (error: unknown) => {
    failure ??= { error };
    abort.abort();
  };
  const begun = builds.flatMap((build) =>
    build.parts.plan.needed.map((index) => build.stage(index).then(() => undefined, fail)),
  );
  await Promise.all(begun);
  for (const build of builds) await build.rest();
  if (failure === undefined) return await Promise.all(builds.map(builtStage));
  if (abort.signal.aborted && builds[0]?.parts.options.signal?.aborted === true)
    throw new EngineError('cancelled', 'the build was cancelled');
  if (builds[0] !== undefined) await tellFailedRun(builds[0].parts, failure.error);
  throw failure.error;
}

/** The stage that was asked for, with its layers' files. */
async function builtStage(build: Build): Promise<PlatformStage> {
  const { target, scope } = build.parts.plan;
  const stage = await build.stage(target);
  await build.have(stage.layers);
  return { build, stage, platform: scope.platform };
}

async function tellFailedRun(
  { work, options }: Pick<BuildParts, 'work' | 'options'>,
  error: unknown,
): Promise<void> {
  const openShell = error instanceof EngineError ? work.shellAt(error) : undefined;
  if (openShell !== undefined) await options.onFailedRun?.(error as EngineError, openShell);
}
