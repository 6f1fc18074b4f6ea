import { EngineError } from '../../errors.ts';
import type { LayerTimes } from '../../storage/archive/finish.ts';
import type { BuildOptions } from './options.ts';

/**
 * What files are dated when images are to be the same on another day, in seconds: 1980-01-02, which archives of the zip format
 * can say wherever they are made.
 */
const FIXED = 315_619_200;

/** The kernel's clock for files goes by ticks, and may be this many ms behind. */
const TICK = 20;

/** The times of files that a build makes. */
export interface FileTimes {
  /** What the files of a context get, in seconds. */
  given: number;
  /** What becomes of the times of a layer, whose step began at this many ms since the epoch. */
  ofLayer(began: number): LayerTimes;
}

/**
 * Returns what files are dated with SOURCE_DATE_EPOCH. It is the same for each, so that steps come from the cache and layers stay
 * the same when it is another one: what a step makes has a fixed time, as what comes from a context, and all that brings a
 * time along keeps it. What is asked for in so many words (`rewritesTimes`), and earlier than the fixed time, is the epoch itself,
 * and then nothing is later. Undefined: times stay. Throws `invalid` for times that are to be rewritten to nothing.
 */
export function fileTimes({
  latest,
  rewritesTimes = false,
}: Pick<BuildOptions, 'latest' | 'rewritesTimes'>): FileTimes | undefined {
  if (latest === undefined) {
    if (!rewritesTimes) return undefined;
    throw new EngineError('invalid', 'there is no SOURCE_DATE_EPOCH that times could be rewritten to', {
      hint: 'give it in the environment, or with --build-arg SOURCE_DATE_EPOCH=SECONDS',
    });
  }
  if (rewritesTimes || latest < FIXED) return { given: latest, ofLayer: () => ({ latest }) };
  return {
    given: FIXED,
    ofLayer: (began) => ({ latest: FIXED, since: Math.floor((began - TICK) / 1000) }),
  };
}
