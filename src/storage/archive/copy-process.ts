import { EngineError } from '../../errors.ts';
import { type HeardVerb, runHeardVerb, type VerbEnd } from '../../host/verb-end.ts';
import { copyError } from './failure.ts';

/** How a verb that copies is run. */
export type CopyVerbOptions = Omit<HeardVerb, 'endsBy'>;

/** Runs a verb of the helper that copies files, or reads them for a copy. Throws as `copyError`. */
export async function runCopyVerb(
  helper: string,
  words: readonly string[],
  options: CopyVerbOptions,
): Promise<void> {
  // It ends by itself as soon as it is told to, and takes back what is half done.
  const ended = await runHeardVerb(helper, words, { ...options, endsBy: 'SIGTERM' });
  if (ended.code !== 0) throw copyVerbFailure(ended, options.signal);
}

/** What the end of such a verb means that did not go well. */
export function copyVerbFailure({ code, error, record }: VerbEnd, signal?: AbortSignal): EngineError {
  const [stage, errno, detail] = record.split('\0');
  if (stage !== undefined && errno !== undefined && detail !== undefined)
    return copyError({ stage, errno: Number(errno), detail });
  if (signal?.aborted === true) return new EngineError('cancelled', 'copying was cancelled');
  const how = error === undefined ? `with ${code ?? 'a signal'}` : `: ${error.message}`;
  return new EngineError('internal', `the helper that copies files ended ${how}`, { cause: error });
}
