import { cpus } from 'node:os';
import { basename } from 'node:path';
import { parseDockerfile } from '../../build/dockerfile/parse.ts';
import { planStages } from '../../build/stages/plan-stages.ts';
import type { BuildPlan } from '../../build/stages/step.ts';
import { EngineError } from '../../errors.ts';
import { composeImage, type Image } from '../../image/image.ts';
import type { Digest } from '../../oci/digest.ts';
import { intake } from '../images/intake.ts';
import { type ImageName, imageNameOf, noteTag } from '../images/name.ts';
import { removeImage } from '../images/remove.ts';
import { Slots } from '../images/slots.ts';
import { removeAbandonedSteps } from '../lifecycle/steps.ts';
import { requireOverlay } from '../prepare/overlays.ts';
import { deadOwners, dropDeadLeases, takeLease } from '../store/blob-leases.ts';
import type { Context } from '../store/context.ts';
import { hasImage } from '../store/images.ts';
import { inWorkspace, type Workspace } from '../store/workspace.ts';
import { Build, type BuildParts } from './build.ts';
import type { BuiltStage } from './built-stage.ts';
import { StepCache } from './cache.ts';
import { checkFiles, requireChecked } from './check.ts';
import { doStep } from './do-step.ts';
import type { Importing } from './imported-caches.ts';
import { type OpenedContext, openContext } from './open-context.ts';
import type { BuildOptions, BuildOutput } from './options.ts';
import { needsImage, writeArchives, writeFiles } from './output.ts';
import { planOptions } from './plan-options.ts';
import { Tasks } from './progress.ts';
import { buildStage } from './stage.ts';

/** An image that was built. */
export interface BuiltImage {
  id: Digest;
  /** The digest of its manifest. */
  digest: Digest;
  image: Image;
}

/**
 * Builds an image of a Dockerfile: stages that do not need each other side by side, what was built before from the cache. What
 * was done until something failed is kept there. Throws `invalid` for a file that is wrong and for options that cannot be,
 * `cancelled` once `signal` has aborted, and what steps throw, with where they stand in the file. Undefined when no image
 * was asked for.
 */
export async function buildImage(context: Context, options: BuildOptions): Promise<BuiltImage | undefined> {
  const names = namesOf(options);
  const outputs = outputsOf(options);
  const tasks = new Tasks(options.progress);
  await requireOverlay(context, 'nothing can be built here');
  return await inWorkspace(context, async (workspace) => {
    await clearAway(context);
    const { files, plan } = await readFiles(context, { options, workspace, tasks });
    requireChecked(context, files, options);
    for (const name of plan.unusedArguments)
      options.progress.warn(`One or more build-args [${name}] were not consumed`);
    using lease = takeLease(context.database, []);
    const cache = new StepCache(context, workspace.layers, lease);
    const abort = new AbortController();
    const signal =
      options.signal === undefined ? abort.signal : AbortSignal.any([options.signal, abort.signal]);
    const slots = new Slots(cpus().length);
    const lent = { context, workspace, cache, lease, tasks, signal };
    const { imports, recorder } = await cachesOf(options, lent);
    const parts = { ...lent, options, files, plan, imports, recorder, slots };
    const build = new Build(parts, async (of, stage) => await buildStage(of, stage, doStep));
    try {
      const stage = await buildStages(build, abort);
      await build.have(stage.layers);
      await writeFiles(build, stage, outputs);
      const image = needsImage(outputs) ? imageOf(stage, await withRecords(build, stage)) : undefined;
      const built = image && (await exportImage(build, image, names));
      if (recorder !== undefined) {
        const { exportCaches } = await import('./export-caches.ts');
        await exportCaches(build, recorder, stage.layers);
      }
      return built;
    } finally {
      cache.close();
      // Not before: bases are here now, and what they have is known.
      options.onChecked?.(checkFiles(context, files, options));
    }
  });
}

/** The caches of others, when some are asked for; and who writes down what is passed on, when something is. */
async function cachesOf(
  { cacheFrom = [], cacheTo = [], platform, progress }: BuildOptions,
  lent: Importing,
): Promise<Pick<BuildParts, 'imports' | 'recorder'>> {
  const warn = (sentence: string): void => progress.warn(sentence);
  const imports =
    cacheFrom.length === 0
      ? undefined
      : await (await import('./imported-caches.ts')).importCaches(cacheFrom, lent, { platform, warn });
  const recorder = cacheTo.length === 0 ? undefined : new (await import('./step-recorder.ts')).StepRecorder();
  return { imports, recorder };
}

/** With an inline cache the manifest has the records of the image's layers. */
async function withRecords(
  { parts: { options, recorder, tasks } }: Build,
  { layers }: BuiltStage,
): Promise<Pick<BuildOptions, 'labels' | 'annotations'>> {
  const isAsked = options.cacheTo?.some(({ kind }) => kind === 'inline') === true;
  if (recorder === undefined || !isAsked) return options;
  const [{ inlineRecords }, { INLINE_ANNOTATION }] = await Promise.all([
    import('./export-caches.ts'),
    import('../../build/cache/manifest.ts'),
  ]);
  const text = await tasks.do('exporting inline cache', async () => inlineRecords(recorder, layers));
  return { ...options, annotations: { ...options.annotations, [INLINE_ANNOTATION]: text } };
}

/** Removes what builds that were killed have left. */
async function clearAway(context: Context): Promise<void> {
  const { database } = context;
  await removeAbandonedSteps(context);
  if (deadOwners(database).length > 0) database.transaction(() => dropDeadLeases(database));
}

/** Brings the image into the store, where it stays if it is to; and writes it into archives. */
async function exportImage(build: Build, image: Image, names: readonly ImageName[]): Promise<BuiltImage> {
  const { context, workspace, options, tasks } = build.parts;
  const outputs = outputsOf(options);
  const stays = outputs.some(({ kind }) => kind === 'image');
  const known = hasImage(context.database, image.config.digest);
  const stored = names.map((name) => name.stored);
  const id = await tasks.do('exporting to image', async (task) => {
    const { image: row } = await intake(context, workspace, image, { names: stays ? stored : [] });
    task.note(`writing image ${row.id}`);
    for (const name of stays ? names : []) {
      task.note(`naming to ${name.stored}`);
      noteTag(context, row, name);
    }
    return row.id;
  });
  try {
    await writeArchives(context, { id, names: stored, outputs, tasks });
  } finally {
    if (!stays && !known) await removeImage(context, id, { force: false });
  }
  return { id, digest: image.manifest.digest, image };
}

function outputsOf({ outputs = [{ kind: 'image' }] }: BuildOptions): readonly BuildOutput[] {
  return outputs;
}

function namesOf({ names }: BuildOptions): ImageName[] {
  return names.map((name) => {
    const read = imageNameOf(name);
    if (read === undefined) throw new EngineError('invalid', 'the name of an image is empty');
    return read;
  });
}

async function readFiles(
  context: Context,
  { options, workspace, tasks }: { options: BuildOptions; workspace: Workspace; tasks: Tasks },
): Promise<{ files: OpenedContext; plan: BuildPlan }> {
  const { source, file, signal } = options;
  const named = typeof file === 'string' ? basename(file) : 'Dockerfile';
  return await tasks.do(`[internal] load build definition from ${named}`, async () => {
    const files = await openContext(context, { source, file, scratch: () => workspace.tmp(), signal });
    const { name, text } = files.dockerfile;
    const plan = planStages(parseDockerfile(text, { name }), planOptions(options));
    return { files, plan };
  });
}

/** Builds what is needed, side by side. The first failure ends the others, and is thrown when all have come to rest. */
async function buildStages(build: Build, abort: AbortController): Promise<BuiltStage> {
  const { plan, signal } = build.parts;
  let failure: { error: unknown } | undefined;
  const fail = (error: unknown) => {
    failure ??= { error };
    abort.abort();
  };
  await Promise.all(plan.needed.map((index) => build.stage(index).then(() => undefined, fail)));
  await build.rest();
  if (failure === undefined) return await build.stage(plan.target);
  if (signal.aborted && build.parts.options.signal?.aborted === true)
    throw new EngineError('cancelled', 'the build was cancelled');
  throw failure.error;
}

function imageOf(
  { state, layers, history, created }: BuiltStage,
  options: Pick<BuildOptions, 'labels' | 'annotations'>,
): Image {
  const { config, ...about } = state.config;
  const { labels, annotations } = options;
  const labelled = labels === undefined ? config : { ...config, Labels: { ...config.Labels, ...labels } };
  return composeImage({
    config: {
      ...about,
      created: created ?? new Date(0).toISOString(),
      config: labelled,
      history: [...history],
    },
    layers,
    annotations,
  });
}
