import { createWriteStream, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { EngineError } from '../../errors.ts';
import type { ArchivedFile } from './archive.ts';

/**
 * Writes files below a directory, in their order; it is made when it is not there. Throws `conflict` when it is not empty,
 * `unavailable` when it cannot be written to; what contents throw is thrown.
 */
export async function writeFiles(directory: string, files: Iterable<ArchivedFile>): Promise<void> {
  attempt(directory, () => mkdirSync(directory, { recursive: true }));
  if (attempt(directory, () => readdirSync(directory)).length > 0)
    throw new EngineError('conflict', `directory ${directory} is not empty`, { subject: directory });
  for (const { name, mode, content } of files) {
    const path = join(directory, name);
    attempt(directory, () => mkdirSync(dirname(path), { recursive: true }));
    await pipeline(content(), createWriteStream(path, { flags: 'wx', mode, flush: true }));
  }
}

function attempt<T>(directory: string, body: () => T): T {
  try {
    return body();
  } catch (cause) {
    throw new EngineError('unavailable', `cannot write to ${directory}: ${(cause as Error).message}`, {
      subject: directory,
      cause,
    });
  }
}
