import { spawn } from 'node:child_process';
import type { Duplex, Readable, Writable } from 'node:stream';
import type { Handover } from './replace-process.ts';

/** A program that runs beside this process, which has its standard streams and the other end of its descriptor 3. */
export interface PipedProgram {
  /** What it does not read any more is dropped without an error. */
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Descriptor 3, for short lines both ways. */
  readonly control: Duplex;
  /** Its exit code, 128 + n when signal n ended it. Rejects with the system's error when it cannot be started. */
  readonly ended: Promise<number>;
  /** Ends it at once (SIGKILL). */
  kill(): void;
}

/** Starts a program on pipes. It does not outlive its standard input by more than it likes to. */
export function startPiped({ file, args, env }: Handover): PipedProgram {
  const [argv0 = file, ...rest] = args;
  const child = spawn(file, rest, {
    argv0,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    ...(env === undefined ? {} : { env }),
  });
  const [stdin, stdout, stderr, control] = child.stdio as unknown as [Writable, Readable, Readable, Duplex];
  for (const stream of [stdin, control]) stream.on('error', () => {});
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.on('error', reject);
  child.on('close', (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
  return { stdin, stdout, stderr, control, ended: promise, kill: () => void child.kill('SIGKILL') };
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : (process.getBuiltinModule('node:os').constants.signals[signal] ?? 0);
}
