import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/**
 * Puts FILE.gz in the place of FILE; there is one of the two at any time, whole. What cannot be written (a full disk)
 * leaves FILE as it is.
 */
export async function compressFile(file: string): Promise<void> {
  const draft = `${file}.gz.draft`;
  try {
    await pipeline(createReadStream(file), createGzip(), createWriteStream(draft, { mode: 0o640 }));
    await rename(draft, `${file}.gz`);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await rm(file, { force: true });
}
