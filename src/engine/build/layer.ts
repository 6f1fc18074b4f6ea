import { type LayerTimes, type MadeLayer, makeLayerInPlace } from '../../storage/archive/finish.ts';
import { OWN_PLACES } from '../archives/changed-layers.ts';
import type { Context } from '../store/context.ts';

/** An upper directory to which nobody writes any more. */
export interface LayerDraft {
  upper: string;
  /** The directories of the layers below, topmost first. */
  lowers: readonly string[];
  /** Whether a container ran on it: what the engine itself made for its mounts is no change then. */
  ran: boolean;
  /** Where else something was mounted, absolute: what was made for that is no change either. */
  mounts?: readonly string[] | undefined;
  /** Absent: times stay. */
  times?: LayerTimes | undefined;
}

/**
 * Makes a layer of an upper directory where it is: nothing is copied. What is no part of an image goes: sockets, what was
 * made for the mounts of a container, directories in which nothing differs. When it ends all of it is on the disk. Undefined:
 * nothing was changed. Throws `invalid` for a name that would be read as a whiteout, `unsupported` for what overlay
 * keeps elsewhere.
 */
export async function finishLayer(
  { helper }: Context,
  { upper, lowers, ran, mounts = [], times }: LayerDraft,
  signal?: AbortSignal,
): Promise<MadeLayer | undefined> {
  return await makeLayerInPlace(
    { upper, lowers, own: ran ? [...OWN_PLACES, ...mounts.flatMap(waysTo)] : [], times },
    { helper, signal },
  );
}

/** A path without its first slash, and those of the directories above it. */
function waysTo(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '');
  return names.map((_name, index) => names.slice(0, index + 1).join('/'));
}
