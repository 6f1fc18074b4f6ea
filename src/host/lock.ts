import type { ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { EngineError } from '../errors.ts';

/**
 * Runs `use` while this process alone, of all on this machine, holds the lock `file`. A child (`skiff-helper lock`)
 * holds it and ends with its standard input, so the lock cannot outlive its owner however that one dies; neither
 * runtime offers flock(2), and files made with O_EXCL go stale.
 *
 * Waits as long as another holds it, until `signal` aborts: then throws `cancelled`. Not reentrant.
 */
export async function withLock<T>(
  helper: string,
  file: string,
  use: () => Promise<T>,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<T> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return await whileHeld({ helper, words: ['lock', file], file }, use, options.signal);
}

/** The child that holds a lock: `helper` run with `words`, which says `locked` and ends with its standard input. */
export interface LockHolder {
  helper: string;
  words: readonly string[];
  /** The locked file, for messages. */
  file: string;
}

/**
 * Runs `use` while a child holds the lock that its verb of the helper takes; resolves when the holder has ended. Waits
 * and throws as {@link withLock}.
 */
export async function whileHeld<T>(
  { helper, words, file }: LockHolder,
  use: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  // On first use, as they cost Bun 5 ms to load.
  const { spawn } = process.getBuiltinModule('node:child_process');
  const holder = spawn(helper, words, { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = new Promise<void>((resolve) => {
    holder.once('close', () => resolve());
    holder.once('error', () => resolve());
  });
  try {
    await acquired(holder, file, signal);
    return await use();
  } finally {
    holder.stdin?.end();
    await ended;
  }
}

async function acquired(holder: ChildProcess, file: string, signal: AbortSignal | undefined): Promise<void> {
  const abandon = () => holder.kill('SIGKILL');
  signal?.addEventListener('abort', abandon, { once: true });
  try {
    if (signal?.aborted) abandon();
    holder.stdin?.on('error', () => {});
    const word = await firstWord(holder);
    if (signal?.aborted) {
      throw new EngineError('cancelled', 'cancelled while waiting for another skiff process', {
        subject: file,
      });
    }
    if (word !== 'locked\n') {
      throw new EngineError('unavailable', `cannot lock ${file}`, { subject: file });
    }
  } finally {
    signal?.removeEventListener('abort', abandon);
  }
}

async function firstWord(holder: ChildProcess): Promise<string> {
  if (holder.stdout === null) return '';
  const { once } = process.getBuiltinModule('node:events');
  const stopped = once(holder, 'error').then(
    () => '',
    () => '',
  );
  const ended = once(holder.stdout, 'close').then(() => '');
  const word = once(holder.stdout, 'data').then(([chunk]) => String(chunk));
  return Promise.race([word, ended, stopped]);
}
