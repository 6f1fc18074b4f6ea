import { cpus } from 'node:os';
import { parseDockerfile } from '../../build/dockerfile/parse.ts';
import { planStages } from '../../build/stages/plan-stages.ts';
import type { StagePlan } from '../../build/stages/step.ts';
import { EngineError } from '../../errors.ts';
import { formatPlatform } from '../../image/platform.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Platform } from '../../oci/platform.ts';
import { StepCache } from '../build/cache.ts';
import type { ImportedCaches, Importing } from '../build/imported-caches.ts';
import { openContext } from '../build/open-context.ts';
import type { BuildOptions } from '../build/options.ts';
import { planOptions } from '../build/plan-options.ts';
import { type BuildProgress, Tasks } from '../build/progress.ts';
import { SharedWork } from '../build/shared-work.ts';
import { Slots } from '../images/slots.ts';
import { takeLease } from '../store/blob-leases.ts';
import type { Context } from '../store/context.ts';
import { inWorkspace } from '../store/workspace.ts';
import { BuildPreview } from './build-preview.ts';
import { explainStage, outline } from './build-stage.ts';
import type { ExplainedBuild } from './explained-build.ts';

/** How a build is explained. */
export interface ExplainBuildOptions extends Omit<BuildOptions, 'progress' | 'outputs' | 'onChecked'> {
  /** Told of credentials and mirrors that cannot be used. */
  warn?: ((problem: EngineError) => void) | undefined;
}

/**
 * Says what a build would do, for each of its platforms: which stages it needs, which steps come from the cache and why the others
 * do not, and what it would pull, for which registries are asked as a pull asks them. Files are read, as their checksums decide;
 * `context` is a preview's, where a context that is an archive or a repository comes, too. Throws what a build throws before its
 * steps run.
 */
export async function explainBuild(
  context: Context,
  options: ExplainBuildOptions,
): Promise<ExplainedBuild[]> {
  const { source, file, secrets, platforms = [undefined], warn } = options;
  const { signal = new AbortController().signal } = options;
  return await inWorkspace(context, async (workspace) => {
    const files = await openContext(context, {
      source,
      file,
      scratch: () => workspace.tmp(),
      secrets,
      signal,
    });
    const { name, text } = files.dockerfile;
    const dockerfile = parseDockerfile(text, { name });
    using lease = takeLease(context.database, []);
    const cache = new StepCache(context, workspace.layers, lease);
    const tasks = new Tasks(SILENT);
    const slots = new Slots(cpus().length);
    const work = new SharedWork(workspace);
    const silent = { ...options, progress: SILENT };
    const lent = { context, workspace, cache, lease, tasks, signal };
    const common = { ...lent, options: silent, files, slots, work };
    const doneBy = new Map<Digest, string>();
    const explained: ExplainedBuild[] = [];
    for (const platform of platforms) {
      const plan = planStages(dockerfile, planOptions(options, platform));
      const imports = await importsOf(options, lent, platform);
      const preview: BuildPreview = new BuildPreview(
        { ...common, plan, platform, imports },
        async (_build, stage) => await explainStage(preview, stage),
        { warn, doneBy },
      );
      explained.push(await explainPlan(preview));
    }
    return explained;
  });
}

async function importsOf(
  { cacheFrom = [], warn }: ExplainBuildOptions,
  lent: Importing,
  platform: Platform | undefined,
): Promise<ImportedCaches | undefined> {
  if (cacheFrom.length === 0) return undefined;
  const { importCaches } = await import('../build/imported-caches.ts');
  return await importCaches(cacheFrom, lent, {
    platform,
    warn: (sentence) => warn?.(new EngineError('unavailable', sentence)),
  });
}

async function explainPlan(preview: BuildPreview): Promise<ExplainedBuild> {
  const { plan, files } = preview.parts;
  for (const index of plan.needed) await preview.stage(index);
  return {
    dockerfile: files.dockerfile.name,
    platform: formatPlatform(plan.scope.platform),
    target: preview.nameOf(plan.stages[plan.target] as StagePlan),
    images: preview.images,
    stages: plan.stages.map((stage) => preview.stages.get(stage.index) ?? outline(preview, stage)),
  };
}

const nothing = (): void => {};
const SILENT: BuildProgress = {
  begin: nothing,
  output: nothing,
  note: nothing,
  miss: nothing,
  end: nothing,
  warn: nothing,
};
