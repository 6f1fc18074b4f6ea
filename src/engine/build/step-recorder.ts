import type { ImageLayer } from '../../image/image.ts';
import type { Digest } from '../../oci/digest.ts';
import type { StepResult } from './cache.ts';
import type { CacheTarget } from './cache-options.ts';

/** A step of this build, whether it was done or found. */
export interface RecordedStep {
  /** All by which it can be found. */
  keys: ReadonlySet<Digest>;
  /** The layers that it stands on, bottom first. */
  below: readonly ImageLayer[];
  result: StepResult;
}

/** Notes what the steps of a build have come to, to be passed on. */
export class StepRecorder {
  readonly #steps = new Map<Digest, RecordedStep>();

  note(keys: readonly Digest[], below: readonly ImageLayer[], result: StepResult): void {
    const known = keys.map((key) => this.#steps.get(key)).find((step) => step !== undefined);
    const all = new Set([...(known?.keys ?? []), ...keys]);
    for (const key of all) this.#steps.set(key, { keys: all, below, result });
  }

  /** All of them, or those on which the layers of an image stand, bottom first. */
  steps(mode: CacheTarget['mode'], image: readonly ImageLayer[]): RecordedStep[] {
    const all = [...new Set(this.#steps.values())];
    const byKeys = [...new Map(all.map((step) => [step.keys, step])).values()];
    if (mode === 'max') return byKeys;
    const chain = new Set<Digest | undefined>([undefined, ...image.map(({ chainID }) => chainID)]);
    return byKeys.filter(
      ({ below, result: { layer } }) =>
        chain.has(below.at(-1)?.chainID) && (layer === undefined || chain.has(layer.chainID)),
    );
  }
}
