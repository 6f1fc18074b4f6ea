import type { StageState } from '../../build/stages/step.ts';
import type { ImageLayer } from '../../image/image.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import type { HistoryEntry } from '../../oci/image-config.ts';

/** A stage as far as it has come. */
export interface BuiltStage {
  state: StageState;
  /** Bottom first. */
  layers: readonly ImageLayer[];
  history: readonly HistoryEntry[];
  /** How many of both are those of the image on which it all stands. */
  inherited: { layers: number; history: number };
  /** How many steps that make files it has, with those of the stages on which it stands. */
  steps: number;
  /** When the last of its steps was done, or its base was made: ISO 8601; undefined: it is empty. */
  created: string | undefined;
}

/** The chainID of what a stage has come to. */
export function chainOf({ layers }: Pick<BuiltStage, 'layers'>): Digest | undefined {
  return layers.at(-1)?.chainID;
}

/** The chainID with one layer more. */
export function chainWith(below: Digest | undefined, diffID: Digest): Digest {
  return below === undefined ? diffID : digestOf(`${below} ${diffID}`);
}
