import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';

/** How a verb of the helper has ended. */
export interface VerbEnd {
  /** Null when a signal ended it, or when it could not be started (`error`). */
  code: number | null;
  error: Error | undefined;
  /** Its error record (native/VERBS.md), bytes as characters (latin1); empty: there is none. */
  record: string;
}

/**
 * Waits for the end of a verb that was spawned with a pipe as its fourth descriptor, and for all that it says there: on Bun
 * the process is closed before what was read of that pipe arrives.
 */
export async function verbEnd(child: ChildProcess): Promise<VerbEnd> {
  let record = '';
  const pipe = child.stdio[3] as Readable | null | undefined;
  const heard = new Promise<void>((resolve) => {
    if (pipe === null || pipe === undefined) return resolve();
    pipe.on('data', (chunk: Buffer) => {
      record += chunk.toString('latin1');
    });
    pipe.once('close', resolve).once('error', () => resolve());
  });
  return await new Promise<VerbEnd>((resolve) => {
    child.once('error', (error) => resolve({ code: null, error, record }));
    child.once('close', (code) => void heard.then(() => resolve({ code, error: undefined, record })));
  });
}
