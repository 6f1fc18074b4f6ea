import { constants } from 'node:os';

/**
 * Runs what Ctrl-C and SIGTERM are to end in good order: they abort its signal. Whoever sends another one does not want to wait
 * for that; the process exits by itself then, so that a terminal gets its cursor back.
 */
export async function interruptible<Result>(body: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const abort = new AbortController();
  const interrupt = (signal: NodeJS.Signals): void => {
    if (abort.signal.aborted) process.exit(128 + constants.signals[signal]);
    abort.abort();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    return await body(abort.signal);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}
