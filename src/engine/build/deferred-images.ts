import { EngineError } from '../../errors.ts';
import type { ImageLayer } from '../../image/image.ts';
import type { Digest } from '../../oci/digest.ts';
import type { LayerStore } from '../../storage/layer/store.ts';
import type { PullProgress } from '../images/pull-progress.ts';
import type { BaseImage } from './base.ts';
import { type Tasks, taskProgress } from './progress.ts';

/** An image of which documents are here, and no files. */
interface DeferredImage {
  /** What progress calls its fetching. */
  task: string;
  name: string;
  fetch: (progress: PullProgress) => Promise<unknown>;
  /** It is under way, or here. */
  fetching?: Promise<unknown> | undefined;
}

/** Images that are fetched when somebody needs their files: caches of others may make them needless. */
export class DeferredImages {
  /** By the chainID of the topmost layer. */
  readonly #images = new Map<Digest, DeferredImage>();

  defer(task: string, { name, layers }: BaseImage, fetch: DeferredImage['fetch']): void {
    const top = layers.at(-1);
    if (top !== undefined) this.#images.set(top.chainID, { task, name, fetch });
  }

  /** Fetches the image on which a stack of layers stands, unless it is here. Throws `conflict` when its name has moved. */
  async bring(
    stack: readonly ImageLayer[],
    { layers, tasks }: { layers: LayerStore; tasks: Tasks },
  ): Promise<void> {
    const top = stack.findLastIndex(({ chainID }) => this.#images.has(chainID));
    const below = stack.slice(0, top + 1).map(({ chainID }) => chainID);
    const isHere = () => below.every((chainID) => layers.has(chainID));
    const image = this.#images.get(below.at(-1) as Digest);
    if (image === undefined || isHere()) return;
    image.fetching ??= tasks.do(image.task, (task) => image.fetch(taskProgress(() => task)));
    await image.fetching;
    if (!isHere())
      throw new EngineError(
        'conflict',
        `${image.name} leads to another image than it did when this build began`,
        {
          subject: image.name,
          hint: 'build again',
        },
      );
  }
}
