import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { type BunProcess, type BunProcesses, bunProcesses, readRecord } from './bun-processes.ts';

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

/** How a verb is run that prints what is heard here. */
export interface HeardVerb {
  /** Its standard input; absent: nothing. */
  input?: Uint8Array | undefined;
  /** Hears what it prints; absent: that goes where this process's own output goes. */
  hear?: ((chunk: Buffer) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** What it gets when `signal` aborts. */
  endsBy: 'SIGTERM' | 'SIGKILL';
}

/** Runs a verb of the helper to its end, on Bun by its own means, as `runProgram`. How it ended is told, not thrown. */
export async function runHeardVerb(
  helper: string,
  words: readonly string[],
  verb: HeardVerb,
): Promise<VerbEnd> {
  const bun = bunProcesses();
  if (bun !== undefined) return await runOnBun(bun, [helper, ...words], verb);
  const { input, hear, signal, endsBy } = verb;
  const { spawn } = process.getBuiltinModule('node:child_process');
  const child = spawn(helper, words, {
    stdio: [input === undefined ? 'ignore' : 'pipe', outputOf(verb), 'ignore', 'pipe'],
  });
  if (hear !== undefined) child.stdout?.on('data', hear);
  // Who ended early says why.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  return await endedBy(signal, () => child.kill(endsBy), verbEnd(child));
}

async function runOnBun(bun: BunProcesses, command: readonly string[], verb: HeardVerb): Promise<VerbEnd> {
  const { input, hear, signal, endsBy } = verb;
  let child: BunProcess;
  try {
    child = bun.spawn(command, { stdio: [input ?? 'ignore', outputOf(verb), 'ignore', 'pipe'] });
  } catch (error) {
    return { code: null, error: error as Error, record: '' };
  }
  const heard = async (): Promise<void> => {
    if (hear === undefined) return;
    for await (const bytes of child.stdout as AsyncIterable<Uint8Array>)
      hear(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  };
  await endedBy(signal, () => child.kill(endsBy), Promise.all([heard(), child.exited]));
  return { code: child.exitCode, error: undefined, record: readRecord(child).toString('latin1') };
}

function outputOf({ hear }: HeardVerb): 'inherit' | 'pipe' {
  return hear === undefined ? 'inherit' : 'pipe';
}

async function endedBy<T>(signal: AbortSignal | undefined, end: () => void, ended: Promise<T>): Promise<T> {
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted === true) end();
  return await ended.finally(() => signal?.removeEventListener('abort', end));
}
