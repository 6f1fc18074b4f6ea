import type { BuiltImage } from './build/build-image.ts';
import type { CacheUsage } from './build/cache-usage.ts';
import type { BuildOptions } from './build/options.ts';
import type { PruneCacheOptions, PrunedCache } from './build/prune-cache.ts';
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
