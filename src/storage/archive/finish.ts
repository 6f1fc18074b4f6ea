import type { Digest } from '../../oci/digest.ts';
import type { ChangedLayers } from './changes.ts';
import { answerOf, type VerbOptions } from './run-verb.ts';

/** An upper directory to which nobody writes any more. */
export interface LayerInPlace extends Pick<ChangedLayers, 'upper' | 'lowers' | 'own'> {
  /** Absent: times stay. */
  times?: LayerTimes | undefined;
}

/** What becomes of times, in seconds since the epoch. */
export interface LayerTimes {
  /** No time stays later than this. */
  latest: number;
  /** Instead times from then on become `latest`, and earlier ones stay. */
  since?: number | undefined;
}

/** A layer by what is in it. */
export interface MadeLayer {
  diffID: Digest;
  /** Bytes of its archive (`layerArchive`). */
  size: number;
  entries: number;
  /** In its regular files. */
  bytes: number;
}

/**
 * Makes a layer of an upper directory where it is (the helper's verb `finish`), and waits until it is on disk. Undefined:
 * nothing is changed.
 */
export async function makeLayerInPlace(
  { upper, lowers, own, times }: LayerInPlace,
  options: VerbOptions,
): Promise<MadeLayer | undefined> {
  const words = [
    ...['finish', upper, 'sync'],
    ...(times === undefined ? [] : [`latest=${times.latest}`]),
    ...(times?.since === undefined ? [] : [`since=${times.since}`]),
    ...own.map((path) => `own=${path}`),
    ...lowers,
  ];
  const [entries, bytes, digest, size] = (await answerOf(words, options)).split(' ');
  if (digest === undefined) return undefined;
  return {
    diffID: `sha256:${digest}` as Digest,
    size: Number(size),
    entries: Number(entries),
    bytes: Number(bytes),
  };
}
