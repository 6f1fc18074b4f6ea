import { closeSync, readSync } from 'node:fs';

/** The part of Bun's API for processes that is used here (bun.com/docs/api/spawn). */
export interface BunProcesses {
  spawn(command: readonly string[], options: object): BunProcess;
  readableStreamToText(stream: unknown): Promise<string>;
  readableStreamToBytes(stream: unknown): Promise<Uint8Array>;
}

export interface BunProcess {
  stdout: unknown;
  stderr: unknown;
  kill(signal: string): void;
  /** Descriptors of what is beyond the three. */
  stdio: readonly (number | undefined)[];
  exited: Promise<number>;
  /** `null` when a signal ended it. */
  exitCode: number | null;
}

/**
 * Bun's own way to run programs; undefined on Node. A program's environment is this process's as it is now, where Bun would
 * take that of its start.
 */
export function bunProcesses(): BunProcesses | undefined {
  const { Bun: bun } = globalThis as { Bun?: BunProcesses };
  if (bun === undefined) return undefined;
  return {
    spawn: (command, options) => bun.spawn(command, { env: process.env, ...options }),
    readableStreamToText: bun.readableStreamToText,
    readableStreamToBytes: bun.readableStreamToBytes,
  };
}

/** What the helper says on its fourth descriptor: an error record is small, and waits in the pipe until the helper has ended. */
export function readRecord({ stdio: [, , , descriptor] }: BunProcess): Buffer {
  const record = Buffer.alloc(RECORD_MAX);
  if (descriptor === undefined) return record.subarray(0, 0);
  try {
    return record.subarray(0, readSync(descriptor, record));
  } finally {
    closeSync(descriptor);
  }
}

/** The most bytes of the helper's error record, which is one atomic write to a pipe. */
const RECORD_MAX = 4096;
