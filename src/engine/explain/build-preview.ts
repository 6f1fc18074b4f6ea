import { existsSync } from 'node:fs';
import type { StagePlan } from '../../build/stages/step.ts';
import type { EngineError } from '../../errors.ts';
import type { Image, ImageLayer } from '../../image/image.ts';
import { platformMatches } from '../../image/platform.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Platform } from '../../oci/platform.ts';
import { type BaseImage, findBase, nameOf } from '../build/base.ts';
import { Build, type BuildParts } from '../build/build.ts';
import type { BuiltStage } from '../build/built-stage.ts';
import { findOther } from '../build/other-base.ts';
import { directoriesOf } from '../build/sources.ts';
import { findEmbedded } from '../images/embedded.ts';
import { lookUpImage } from '../store/images.ts';
import type { ExplainedImage, ExplainedStage } from './explained-build.ts';
import { explainPull } from './pull.ts';

/** A build of which nothing is done: images are looked for, and stages are what the cache says of them. */
export class BuildPreview extends Build {
  readonly images: ExplainedImage[] = [];
  /** Those that are needed, by index. */
  readonly stages = new Map<number, ExplainedStage>();
  /** By stage: the first of its steps whose result is not known, as messages call it. */
  readonly waitingFor = new Map<number, string>();
  /** Which step does what others would do as well, also those for another platform. */
  readonly doneBy: Map<Digest, string>;
  readonly #warn: ((problem: EngineError) => void) | undefined;
  readonly #found = new Map<string, Promise<BaseImage>>();

  /** `warn`: as a pull has it. */
  constructor(
    parts: BuildParts,
    explainStage: (build: Build, plan: StagePlan) => Promise<BuiltStage>,
    { warn, doneBy }: { warn: ((problem: EngineError) => void) | undefined; doneBy: Map<Digest, string> },
  ) {
    super(parts, explainStage);
    this.#warn = warn;
    this.doneBy = doneBy;
  }

  /** What the store has, else what a registry says of it: its layers are not here then. Throws as `explainPull`. */
  override image(reference: string, platform: Platform | undefined): Promise<BaseImage> {
    const key = JSON.stringify([reference, platform]);
    const found = this.#found.get(key) ?? this.#find(reference, platform);
    this.#found.set(key, found);
    return found;
  }

  async #find(reference: string, platform: Platform | undefined): Promise<BaseImage> {
    const { context, options, signal } = this.parts;
    const name = nameOf(reference);
    const found = (image: Image, about: Omit<ExplainedImage, 'name'> & { name?: string }): BaseImage => {
      this.images.push({ name, ...about });
      return { name, config: image.config.parsed, layers: image.layers };
    };
    if (options.pull !== true) {
      const here = findBase(context, reference, platform);
      if (here !== undefined) return found(here, { state: 'here' });
      const named = lookUpImage(context.database, reference);
      const other = named && platform && (await findOther(context, named, platform));
      if (other !== undefined) return found(other, { state: 'here' });
      const embedded = await findEmbedded(context, reference);
      const isFit = !platform || (embedded && platformMatches(embedded.image.config.parsed, platform));
      if (embedded !== undefined && isFit) {
        const state = embedded.present === undefined ? 'embedded' : 'here';
        return found(embedded.image, { name: embedded.name, state });
      }
    }
    const { explained, image } = await explainPull(context, reference, {
      platform,
      signal,
      warn: this.#warn,
    });
    return found(image, { state: 'pulled', pull: explained });
  }

  /** Nothing is fetched. */
  override async have(): Promise<void> {}

  /** Whether the files of layers can be looked at. */
  hasAll(layers: readonly ImageLayer[]): boolean {
    return directoriesOf(this.parts, layers).every((directory) => existsSync(directory));
  }

  /** How steps and messages call a stage. */
  nameOf({ name, index }: Pick<StagePlan, 'name' | 'index'>): string {
    return name ?? `stage-${index}`;
  }
}
