import type { BuildOutline } from '../build/stages/outline.ts';
import type { BuildTarget } from '../build/stages/targets.ts';
import type { CacheUsage } from './build/cache-usage.ts';
import type { CheckOptions } from './build/check.ts';
import type { CheckedDockerfile, DockerfileSource } from './build/checked.ts';
import type { BuiltImage } from './build/export.ts';
import type { BuildOptions } from './build/options.ts';
import type { PruneCacheOptions, PrunedCache } from './build/prune-cache.ts';
import type { ExplainBuildOptions } from './explain/build.ts';
import type { ExplainedBuild } from './explain/explained-build.ts';
import type { Context } from './store/context.ts';

/** Use cases of builds. */
export class Builder {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Builds an image of a Dockerfile; undefined when it was to be none. Throws as `buildImage`. */
  async build(options: BuildOptions): Promise<BuiltImage | undefined> {
    const { buildImage } = await import('./build/build-image.ts');
    return await buildImage(this.#context, options);
  }

  /** What there is to be said of a Dockerfile; nothing is built. Throws as `checkBuild`. */
  async check(options: CheckOptions): Promise<CheckedDockerfile> {
    const { checkBuild } = await import('./build/check.ts');
    return await checkBuild(this.#context, options);
  }

  /** The stages of a Dockerfile that can be asked for. Throws as `targetsOfBuild`. */
  async targets(options: CheckOptions): Promise<{ file: DockerfileSource; targets: BuildTarget[] }> {
    const { targetsOfBuild } = await import('./build/check.ts');
    return await targetsOfBuild(this.#context, options);
  }

  /** What can be given to a build. Throws as `outlineOfBuild`. */
  async outline(options: CheckOptions): Promise<{ file: DockerfileSource; outline: BuildOutline }> {
    const { outlineOfBuild } = await import('./build/check.ts');
    return await outlineOfBuild(this.#context, options);
  }

  /** Says what a build would do, for each platform. Registries are asked for what is not here; the store is not changed. Throws as `explainBuild`. */
  async explain(options: ExplainBuildOptions): Promise<ExplainedBuild[]> {
    const { explainBuild } = await import('./explain/build.ts');
    const { openPreview } = await import('./store/preview.ts');
    using preview = openPreview(this.#context);
    return await explainBuild(preview.context, options);
  }

  /** What the cache of builds has, and what that takes. Throws as `cacheUsage`. */
  async usage(): Promise<CacheUsage[]> {
    const { cacheUsage } = await import('./build/cache-usage.ts');
    return await cacheUsage(this.#context);
  }

  /** Removes what no build uses from the cache of builds. Throws as `pruneCache`. */
  async prune(options: PruneCacheOptions): Promise<PrunedCache> {
    const { pruneCache } = await import('./build/prune-cache.ts');
    return await pruneCache(this.#context, options);
  }
}
