import { constants, lstatSync } from 'node:fs';
import { open } from 'node:fs/promises';
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

/** Undefined when it is gone meanwhile. Of what is no file it is that of nothing: links lead elsewhere, a pipe has no end. */
async function digestOfFile(path: string): Promise<string | undefined> {
  const hash = newSha256();
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) return '';
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    for await (const chunk of file.createReadStream({ highWaterMark: 1024 * 1024, autoClose: false }))
      hash.update(chunk);
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
  const found = lstatSync(join(paths.blobs, hexOf(digest)), { throwIfNoEntry: false });
  if (found === undefined) return 'missing';
  const isAsSaid = found.isFile() && (size === undefined || found.size === size);
  return isAsSaid && !damaged.has(digest) ? 'there' : 'damaged';
}

/** Moves a blob into the trash. */
export async function dropBlob(context: Context, digest: Digest): Promise<void> {
  const trash = trashOf(context);
  trash.take(join(context.paths.blobs, hexOf(digest)));
  await trash.empty();
}
