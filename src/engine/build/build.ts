import type { BuildPlan, StagePlan } from '../../build/stages/step.ts';
import { EngineError } from '../../errors.ts';
import type { ImageLayer } from '../../image/image.ts';
import type { Digest } from '../../oci/digest.ts';
import type { HistoryEntry } from '../../oci/image-config.ts';
import type { Platform } from '../../oci/platform.ts';
import type { PullProgress } from '../images/pull-progress.ts';
import type { Slots } from '../images/slots.ts';
import type { Lease } from '../store/blob-leases.ts';
import type { Context } from '../store/context.ts';
import type { Workspace } from '../store/workspace.ts';
import { type BaseImage, deferBase, nameOf, resolveBase } from './base.ts';
import type { BuiltStage } from './built-stage.ts';
import type { StepCache, StepResult } from './cache.ts';
import type { Selection } from './copy.ts';
import { type FileTimes, fileTimes } from './file-times.ts';
import type { ImportedCaches } from './imported-caches.ts';
import type { OpenedContext } from './open-context.ts';
import type { BuildOptions } from './options.ts';
import { type Task, type Tasks, taskProgress } from './progress.ts';
import type { SharedWork } from './shared-work.ts';
import type { StepRecorder } from './step-recorder.ts';

/** What a build begins with. */
export interface BuildParts {
  context: Context;
  workspace: Workspace;
  options: BuildOptions;
  files: OpenedContext;
  plan: BuildPlan;
  /** What it is for; absent: whatever bases there are, else this machine's. */
  platform: Platform | undefined;
  /** Shared with the builds for other platforms. */
  work: SharedWork;
  tasks: Tasks;
  cache: StepCache;
  /** Caches of others. */
  imports?: ImportedCaches | undefined;
  /** What is passed on to others. */
  recorder?: StepRecorder | undefined;
  lease: Lease;
  /** For steps that do something: as many as there are processors. */
  slots: Slots;
  signal: AbortSignal;
}

/** A build for one platform. */
export class Build {
  readonly parts: BuildParts;
  readonly #buildStage: (build: Build, plan: StagePlan) => Promise<BuiltStage>;
  readonly #stages = new Map<number, Promise<BuiltStage>>();
  /** Undefined: files have the times that they have. */
  readonly fileTimes: FileTimes | undefined;

  constructor(parts: BuildParts, buildStage: (build: Build, plan: StagePlan) => Promise<BuiltStage>) {
    this.parts = parts;
    this.fileTimes = fileTimes(parts.options);
    this.#buildStage = buildStage;
  }

  /** A stage when it is complete. Whoever asks first begins it; several are under way at the same time. */
  stage(index: number): Promise<BuiltStage> {
    const begun = this.#stages.get(index);
    if (begun !== undefined) return begun;
    const plan = this.parts.plan.stages[index];
    if (plan === undefined) throw new EngineError('internal', `there is no stage ${index}`);
    const stage = this.#buildStage(this, plan);
    // Whoever needs it hears of a failure, and the build does; nobody may be listening yet.
    stage.catch(() => {});
    this.#stages.set(index, stage);
    return stage;
  }

  /** Resolves when nothing is under way any more. */
  async rest(): Promise<void> {
    await Promise.allSettled(this.#stages.values());
    await this.parts.work.rest();
  }

  /** An image, found or fetched once. `label` is what progress puts in front: `[build 1/4] FROM`. */
  image(reference: string, platform: Platform | undefined, label: string): Promise<BaseImage> {
    const { context, options, tasks, lease, work, signal } = this.parts;
    const key = JSON.stringify([reference, platform]);
    const begun = work.images.get(key);
    if (begun !== undefined) return begun;
    const findOrFetch = async (): Promise<BaseImage> => {
      const name = nameOf(reference);
      const metadata = tasks.begin(`[internal] load metadata for ${name}`);
      let task = metadata;
      let deferred = false;
      const begin = (): Task => {
        metadata.end({ kind: 'done' });
        if (task === metadata) task = tasks.begin(`${label} ${name}`);
        return task;
      };
      const progress = taskProgress(() => task, begin);
      const pull = options.pull === true;
      const keep = (layers: readonly ImageLayer[]) => lease.add(layers.map(({ chainID }) => chainID));
      const asked = { reference, platform, credentials: options.credentials, progress, signal };
      const find = async (): Promise<BaseImage> => {
        if (this.parts.imports === undefined || pull)
          return await resolveBase(context, { ...asked, pull }, keep);
        const { image, fetch } = await deferBase(context, asked, keep);
        deferred = fetch !== undefined;
        if (fetch !== undefined) {
          const inTurn = (own: PullProgress) => work.inTurn(reference, () => fetch(own));
          work.deferred.defer(`${label} ${name}`, image, inTurn);
        }
        return image;
      };
      try {
        const found = await work.inTurn(reference, find);
        const isFetched = task !== metadata || deferred;
        begin().end({ kind: isFetched ? 'done' : 'cached' });
        return found;
      } catch (error) {
        task.fail(error);
        throw error;
      }
    };
    const image = findOrFetch();
    image.catch(() => {});
    work.images.set(key, image);
    return image;
  }

  /** Resolves when the files of layers are here: what another cache has may not have been fetched yet. */
  async have(layers: readonly ImageLayer[]): Promise<void> {
    const { imports, tasks, work, workspace } = this.parts;
    if (imports === undefined) return;
    await work.deferred.bring(layers, { layers: workspace.layers, tasks });
    await imports.bring(layers);
  }

  /** What a step comes to that another one is doing already; undefined: nobody is, and `begin` does it now. */
  underWay(key: Digest): Promise<StepResult> | undefined {
    return this.parts.work.steps.get(key);
  }

  /** Does a step of which others may be waiting for the result. */
  async do(key: Digest, body: () => Promise<StepResult>): Promise<StepResult> {
    const { slots, work } = this.parts;
    const run = async () => {
      await slots.take();
      try {
        return await body();
      } finally {
        slots.release();
      }
    };
    const step = run();
    step.catch(() => {});
    work.steps.set(key, step);
    try {
      return await step;
    } catch (error) {
      work.steps.delete(key);
      throw error;
    }
  }

  /** Reads of the build's own context. As in BuildKit the first time is a task, which says how much that was. */
  async readContext(read: () => Promise<Selection>): Promise<Selection> {
    const { tasks, work } = this.parts;
    const name = '[internal] load build context';
    if (work.isTold(name, undefined)) return await read();
    return await tasks.do(name, async (task) => {
      const selection = await read();
      task.note(`transferring context: ${selection.bytes}B done`);
      return selection;
    });
  }

  /** A new directory of this build's own, on the file system of the store. */
  directory(): string {
    return this.parts.work.directory();
  }

  throwIfCancelled(): void {
    if (this.parts.signal.aborted) throw new EngineError('cancelled', 'the build was cancelled');
  }
}

/** What is written behind steps of images that BuildKit has built. */
export const COMMENT = 'buildkit.dockerfile.v0';

export function historyOf(entry: HistoryEntry): HistoryEntry {
  return { ...entry, comment: COMMENT };
}
