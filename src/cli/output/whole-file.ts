import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { unlessMissing } from '../../host/missing.ts';
import { randomHex } from '../../host/random.ts';

/**
 * Writes a file of which nothing is to be seen before it is whole: `write` gets the descriptor of a draft beside it, which
 * takes its place at the end, and is gone when anything fails. Only its owner may read it. It need not survive a power cut. Throws `invalid` for a place that
 * cannot be a file, `unavailable` when it cannot be written, and what `write` throws.
 */
export async function writeFileWhole(
  file: string,
  write: (descriptor: number) => Promise<void>,
): Promise<void> {
  const found = unlessMissing(() => statSync(file));
  if (found !== undefined && !found.isFile()) {
    throw new EngineError('invalid', `cannot write to ${file}: it is no regular file`, { subject: file });
  }
  const draft = join(dirname(file), `.${basename(file)}.${randomHex(4)}`);
  const descriptor = attempt(file, () => openSync(draft, 'wx', 0o600));
  const giveUp = (signal: NodeJS.Signals): void => {
    rmSync(draft, { force: true });
    process.exit(128 + constants.signals[signal]);
  };
  process.once('SIGINT', giveUp).once('SIGTERM', giveUp);
  try {
    try {
      await write(descriptor);
    } finally {
      closeSync(descriptor);
    }
    attempt(file, () => renameSync(draft, file));
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  } finally {
    process.off('SIGINT', giveUp).off('SIGTERM', giveUp);
  }
}

/** Writes bytes to the draft of a file. Throws `unavailable` when it cannot be written, as on a full disk. */
export async function writePieces(
  { file, descriptor }: { file: string; descriptor: number },
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> {
  for await (const piece of pieces)
    for (let at = 0; at < piece.length; ) at += attempt(file, () => writeSync(descriptor, piece, at));
}

/** The draft is nobody's business. */
function reasonOf(file: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return `no such file or directory: ${dirname(file)}`;
  return message.replace(/^[A-Z]+: |, .*$/g, '');
}

function attempt<T>(file: string, body: () => T): T {
  try {
    return body();
  } catch (cause) {
    throw new EngineError('unavailable', `cannot write ${file}: ${reasonOf(file, cause as Error)}`, {
      subject: file,
      cause,
    });
  }
}
