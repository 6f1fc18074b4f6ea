import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import type { Writable } from 'node:stream';
import type { Handover } from './replace-process.ts';

/** The signals that a terminal or a supervisor sends to this process and means for the program in the foreground. */
const FORWARDED = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

/** What a program in the foreground has besides this process's own streams. */
export interface ForegroundExtras {
  /** What it reads from descriptor 3; absent: there is none. */
  input?: Uint8Array | undefined;
  /** When it aborts the program gets SIGTERM. */
  signal?: AbortSignal | undefined;
}

/** A program that runs. */
interface Running {
  kill(signal: NodeJS.Signals): void;
  /** Its exit code; 128 + n when signal n ended it. */
  ended: Promise<number>;
}

/**
 * Runs a program to its end on this process's own standard streams, passes signals on to it, and returns its exit code,
 * 128 + n when signal n ended it. A terminal sends its signals to both: the program is in the same process group.
 */
export async function runInForeground(
  program: Handover,
  { input, signal }: ForegroundExtras = {},
): Promise<number> {
  const { Bun: bun } = globalThis as { Bun?: BunForeground };
  const running = bun === undefined ? await runOnNode(program, input) : runOnBun(bun, program, input);
  const forward = (each: NodeJS.Signals): void => running.kill(each);
  const stop = (): void => running.kill('SIGTERM');
  for (const each of FORWARDED) process.on(each, forward);
  if (signal?.aborted === true) stop();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await running.ended;
  } finally {
    signal?.removeEventListener('abort', stop);
    for (const each of FORWARDED) process.off(each, forward);
  }
}

/** The part of Bun's API that is used here (bun.com/docs/api/spawn, bun.com/docs/api/file-io). */
interface BunForeground {
  spawn(command: readonly string[], options: object): BunRunning;
  file(descriptor: number): { writer(): BunWriter };
}

interface BunRunning {
  kill(signal: NodeJS.Signals): void;
  /** Descriptors of what is beyond the three. */
  stdio: readonly (number | undefined)[];
  exited: Promise<number>;
  exitCode: number | null;
  signalCode: NodeJS.Signals | null;
}

interface BunWriter {
  write(bytes: Uint8Array): unknown;
  end(): unknown;
}

/** By its own means: what its `node:child_process` hands to descriptor 3 may be cut short. */
function runOnBun(bun: BunForeground, { file, args, env }: Handover, input: Uint8Array | undefined): Running {
  const [argv0 = file, ...rest] = args;
  const more = input === undefined ? [] : ['pipe'];
  const child = bun.spawn([file, ...rest], {
    argv0,
    stdio: ['inherit', 'inherit', 'inherit', ...more],
    ...(env === undefined ? {} : { env }),
  });
  const descriptor = child.stdio[3];
  if (input !== undefined && descriptor !== undefined) void write(bun, descriptor, input);
  const code = (): number => child.exitCode ?? codeOf(child.signalCode);
  return { kill: (signal) => child.kill(signal), ended: child.exited.then(code) };
}

/** Writes all of it and closes the descriptor, which the writer leaves open. */
async function write(bun: BunForeground, descriptor: number, input: Uint8Array): Promise<void> {
  try {
    const writer = bun.file(descriptor).writer();
    writer.write(input);
    await writer.end();
  } catch {
    // The end of a program that does not read says what became of it.
  } finally {
    closeSync(descriptor);
  }
}

async function runOnNode({ file, args, env }: Handover, input: Uint8Array | undefined): Promise<Running> {
  const { spawn } = await import('node:child_process');
  const [argv0 = file, ...rest] = args;
  const child = spawn(file, rest, {
    argv0,
    stdio: ['inherit', 'inherit', 'inherit', ...(input === undefined ? [] : ['pipe' as const])],
    ...(env === undefined ? {} : { env }),
  });
  const pipe = child.stdio[3] as Writable | undefined;
  // The end of a program that does not read says what became of it.
  pipe?.on('error', () => undefined).end(input);
  const { promise: ended, resolve, reject } = Promise.withResolvers<number>();
  child.once('error', reject).once('close', (code, signal) => resolve(code ?? codeOf(signal)));
  return { kill: (signal) => void child.kill(signal), ended };
}

function codeOf(signal: NodeJS.Signals | null | undefined): number {
  return 128 + (signal == null ? 0 : constants.signals[signal]);
}
