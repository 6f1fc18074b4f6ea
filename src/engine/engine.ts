import { Builder } from './builder.ts';
import { Containers } from './containers.ts';
import type { EngineEvent } from './events/journal.ts';
import type { EventsRequest } from './events/read.ts';
import { Execs } from './execs.ts';
import { Images } from './images.ts';
import { Manifests } from './manifests.ts';
import { Networks } from './networks.ts';
import type { PruneFilters } from './options/prune.ts';
import { Context, type EngineOptions } from './store/context.ts';
import { Volumes } from './volumes.ts';

export type { EngineOptions } from './store/context.ts';

/** A container engine over one store. Opens nothing until it is asked for something. */
export interface Engine {
  readonly builder: Builder;
  readonly images: Images;
  readonly manifests: Manifests;
  readonly containers: Containers;
  readonly execs: Execs;
  readonly networks: Networks;
  readonly volumes: Volumes;
  /** The credentials that registries are shown. */
  readonly logins: import('./images/login.ts').Logins;
  /** The directory of what goes with a reboot, which is there from then on. */
  runtimeDirectory(): string;
  /**
   * The path of a socket on which this store's own service answers Docker's API; where there is none it is started, by the
   * words that tell this program to answer at a path. Throws `unavailable` with its reason when it cannot be.
   */
  reachService(words: (path: string) => readonly string[]): Promise<string>;
  /** Runs `use` while no other process of this host does so with the same file. Throws `cancelled`, `unavailable`. */
  alone<Result>(file: string, use: () => Promise<Result>, signal: AbortSignal): Promise<Result>;
  /** Tells what this host and this store offer. */
  info(): Promise<import('./reports/info.ts').EngineInfo>;
  /** Tells what the store takes on its disk, and of what. */
  diskUsage(): Promise<import('./reports/disk-usage.ts').DiskUsage>;
  /** The same as Docker's API tells it. */
  dataUsage(
    options: import('./reports/data-usage.ts').DataUsageOptions,
  ): Promise<import('./reports/data-usage.ts').DataUsage>;
  /** Finds out what this host offers, whether a container runs on it, and what crashes have left; `fix` cleans that. */
  diagnose(options: { fix: boolean }): Promise<import('./doctor/doctor.ts').Diagnosis>;
  /** Tells what `reset` removes. Makes no store where there is none. */
  previewReset(): Promise<import('./system/reset.ts').ResetPreview>;
  /** Removes all that the store has, on this host too. Throws `conflict` while other commands are at work in it. */
  reset(): Promise<void>;
  /** Finds out whether the store has what its rows name, and nothing besides; `repair` mends what can be. */
  check(options: import('./check/check.ts').CheckOptions): Promise<import('./check/check.ts').CheckedStore>;
  /** Removes whatever nobody uses, and yields what went, part by part. Throws as the prunes of each noun. */
  prune(
    filters: PruneFilters,
    options: import('./system/prune.ts').SystemPruneOptions,
  ): AsyncGenerator<import('./system/prune.ts').PrunedPart>;
  /** Yields events: those that have happened, and those that happen from now on. */
  events(request: EventsRequest): Promise<AsyncGenerator<EngineEvent>>;
  /** Aborts when nobody reads standard output any more: for commands that wait for something to print. */
  watchReader(): Promise<{ signal: AbortSignal; [Symbol.dispose](): void }>;
  /** Looks whether the store is still the one that was opened; if not, what is there is opened by what comes next. */
  renew(): void;
  close(): void;
}

export function openEngine(options: EngineOptions): Engine {
  const context = new Context(options);
  return {
    builder: new Builder(context),
    images: new Images(context),
    manifests: new Manifests(context),
    containers: new Containers(context),
    execs: new Execs(context),
    networks: new Networks(context),
    volumes: new Volumes(context),
    logins: {
      async find(domain, warn) {
        const { keptCredential } = await import('./images/login.ts');
        return await keptCredential(context, domain, warn);
      },
      async login(domain, credential, options) {
        const { login } = await import('./images/login.ts');
        await login(context, domain, credential, options);
      },
      async check(domain, credential, options) {
        const { checkLogin } = await import('./images/login.ts');
        await checkLogin(context, domain, credential, options);
      },
      async logout(domain) {
        const { logout } = await import('./images/login.ts');
        return await logout(context, domain);
      },
    },
    runtimeDirectory() {
      void context.database;
      return context.paths.run;
    },
    async alone(file, use, signal) {
      const { withLock } = await import('../host/lock.ts');
      return await withLock(context.helper, file, use, { signal });
    },
    async reachService(words) {
      const { reachService } = await import('./system/reach-service.ts');
      return await reachService(context, words);
    },
    async info() {
      const { engineInfo } = await import('./reports/info.ts');
      return await engineInfo(context);
    },
    async diskUsage() {
      const { diskUsage } = await import('./reports/disk-usage.ts');
      return await diskUsage(context);
    },
    async dataUsage(options) {
      const { dataUsage } = await import('./reports/data-usage.ts');
      return await dataUsage(context, options);
    },
    async diagnose(options) {
      const { diagnose } = await import('./doctor/doctor.ts');
      return await diagnose(context, options);
    },
    async previewReset() {
      const { previewReset } = await import('./system/reset.ts');
      return await previewReset(context);
    },
    async reset() {
      const { resetStore } = await import('./system/reset.ts');
      await resetStore(context);
    },
    async check(options) {
      const { checkStore } = await import('./check/check.ts');
      return await checkStore(context, options);
    },
    async *prune(filters, options) {
      const { pruneSystem } = await import('./system/prune.ts');
      yield* pruneSystem(context, filters, options);
    },
    async events(request) {
      const { readEvents } = await import('./events/read.ts');
      return readEvents(context, request);
    },
    async watchReader() {
      const { watchReader } = await import('../host/reader-gone.ts');
      return watchReader(context.helper);
    },
    renew: () => context.renew(),
    close: () => context.close(),
  };
}
