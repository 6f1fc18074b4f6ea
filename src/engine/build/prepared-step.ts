import type { StepKey, StepResult } from './cache.ts';
import type { LayerDraft } from './layer.ts';
import type { Task } from './progress.ts';

/** A step that is to be done, unless it was. */
export interface PreparedStep {
  key: StepKey;
  /** Does it. `finish` makes the layer of the directory that it leaves. */
  perform: (task: Task, finish: LayerMaker) => Promise<StepResult>;
}

/** Makes a layer of an upper directory to which nobody writes any more, and keeps it in the cache. */
export type LayerMaker = (
  draft: Pick<LayerDraft, 'upper' | 'ran'> & { mounts?: readonly string[]; alone?: boolean },
  /** What it really was, when that is something else than was expected. */
  key?: StepKey,
) => Promise<StepResult>;
