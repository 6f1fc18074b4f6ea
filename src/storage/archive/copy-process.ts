import { spawn } from 'node:child_process';
import { EngineError } from '../../errors.ts';
import { type VerbEnd, verbEnd } from '../../host/verb-end.ts';
import { copyError } from './failure.ts';

/** How a verb that copies is run. */
export interface CopyVerbOptions {
  /** Hears what it prints; absent: that goes where this process's own output goes. */
  hear?: ((chunk: Buffer) => void) | undefined;
  /** Its standard input; absent: nothing. */
  input?: Uint8Array | undefined;
  signal?: AbortSignal | undefined;
}

/** Runs a verb of the helper that copies files, or reads them for a copy. Throws as `copyError`. */
export async function runCopyVerb(
  helper: string,
  words: readonly string[],
  { hear, input, signal }: CopyVerbOptions,
): Promise<void> {
  // The fourth descriptor is for the error record.
  const child = spawn(helper, words, {
    stdio: [
      input === undefined ? 'ignore' : 'pipe',
      hear === undefined ? 'inherit' : 'pipe',
      'ignore',
      'pipe',
    ],
  });
  if (hear !== undefined) child.stdout?.on('data', hear);
  // Who ended early says why.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  // It ends by itself as soon as it is told to, and takes back what is half done.
  const end = () => child.kill('SIGTERM');
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted === true) end();
  try {
    const ended = await verbEnd(child);
    if (ended.code !== 0) throw copyVerbFailure(ended, signal);
  } finally {
    signal?.removeEventListener('abort', end);
  }
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
