import { createReadStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { isMissing, namesIn } from '../../host/missing.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, hexOf } from '../../oci/digest.ts';
import { newSha256 } from '../../oci/sha256.ts';
import type { Context } from '../store/context.ts';
import { trashOf } from '../store/trash.ts';

/** How a blob is: it may have another size than it should, or other bytes. */
export type BlobState = 'there' | 'missing' | 'damaged';

/** Reads every blob of the store. Returns the digests of those whose bytes are not theirs. */
export async function damagedBlobs({ paths }: Context): Promise<Set<string>> {
  const damaged = new Set<string>();
  for (const hex of namesIn(paths.blobs)) {
    const digest = await digestOfFile(join(paths.blobs, hex));
    if (digest !== undefined && digest !== hex) damaged.add(`sha256:${hex}`);
  }
  return damaged;
}

/** Undefined when it is gone meanwhile. */
async function digestOfFile(path: string): Promise<string | undefined> {
  const hash = newSha256();
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  return hash.digest('hex');
}

/** Looks at one; `damaged` are those whose bytes are known to be wrong. */
export function stateOfBlob(
  { paths }: Context,
  { digest, size }: { digest: Digest; size?: Descriptor['size'] | undefined },
  damaged: ReadonlySet<string>,
): BlobState {
  const actual = statSync(join(paths.blobs, hexOf(digest)), { throwIfNoEntry: false })?.size;
  if (actual === undefined) return 'missing';
  return damaged.has(digest) || (size !== undefined && actual !== size) ? 'damaged' : 'there';
}

/** Moves a blob into the trash. */
export async function dropBlob(context: Context, digest: Digest): Promise<void> {
  const trash = trashOf(context);
  trash.take(join(context.paths.blobs, hexOf(digest)));
  await trash.empty();
}
