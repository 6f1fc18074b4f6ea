import { constants } from 'node:os';
import { isIgnored } from '../../host/ignored-signals.ts';

/**
 * Runs what Ctrl-C and SIGTERM are to end in good order: they abort its signal. Whoever sends another one does not want to wait
 * for that; the process exits by itself then, so that a terminal gets its cursor back. `more`: signals that do so besides,
 * unless whoever started this process has it ignore them (nohup(1)).
 */
export async function interruptible<Result>(
  body: (signal: AbortSignal) => Promise<Result>,
  more: readonly NodeJS.Signals[] = [],
): Promise<Result> {
  const abort = new AbortController();
  const interrupt = (signal: NodeJS.Signals): void => {
    if (abort.signal.aborted) process.exit(128 + constants.signals[signal]);
    abort.abort();
  };
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', ...more.filter((signal) => !isIgnored(signal))];
  for (const signal of signals) process.on(signal, interrupt);
  try {
    return await body(abort.signal);
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}
