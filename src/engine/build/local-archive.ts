import { EngineError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import { newSha256 } from '../../oci/sha256.ts';
import type { Copied } from '../../storage/archive/answer.ts';
import type { Listener } from '../../storage/archive/copy.ts';
import { type ArchivePlace, placeArchive } from '../../storage/archive/place.ts';
import { readFileOf } from '../../storage/archive/read-file.ts';
import { peek } from '../../storage/layer/decompress.ts';
import { decompressAny } from '../../storage/layer/decompress-any.ts';
import { checksumFits } from '../../storage/tar/numbers.ts';

/** A block of tar, in bytes: the first one is a header, whose checksum tells that it is one (tar(5)). */
const BLOCK = 512;

/** A file of a tree (native/VERBS.md, ROOT). */
interface FilePlace {
  root: string;
  path: string;
}

/** Whether a file is an archive that ADD unpacks: tar, plain or in gzip, zstd, xz or bzip2. Its name does not matter. */
export async function isTarArchive(
  helper: string,
  { root, path }: FilePlace,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    const { head, rest } = await peek(decompressAny(readFileOf(root, path, { helper, signal })), BLOCK);
    await rest.return();
    return head.length >= BLOCK && checksumFits(Buffer.from(head.subarray(0, BLOCK)));
  } catch (error) {
    // What cannot be decompressed is no archive, but a file.
    if (error instanceof EngineError && error.kind === 'invalid') return false;
    throw error;
  }
}

/** The digest of an archive's bytes. */
export async function archiveDigest(
  helper: string,
  { root, path }: FilePlace,
  signal?: AbortSignal,
): Promise<{ digest: Digest; bytes: number }> {
  const counted = new CountedBytes();
  for await (const _ of counted.through(readFileOf(root, path, { helper, signal })));
  return counted.total();
}

/** Makes what an archive holds in a directory. The digest is that of the archive as it was read. Throws as `placeArchive`. */
export async function unpackArchive(
  helper: string,
  { root, path }: FilePlace,
  to: ArchivePlace,
  listener: Listener,
): Promise<Copied & { digest: Digest }> {
  const counted = new CountedBytes();
  const bytes = counted.through(readFileOf(root, path, { helper, signal: listener.signal }));
  const copied = await placeArchive(helper, to, decompressAny(bytes), listener);
  return { ...copied, digest: counted.total().digest };
}

/** Hashes bytes on their way. */
class CountedBytes {
  readonly #hash = newSha256();
  #bytes = 0;

  async *through(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of source) {
      this.#hash.update(piece);
      this.#bytes += piece.length;
      yield piece;
    }
  }

  total(): { digest: Digest; bytes: number } {
    return { digest: `sha256:${this.#hash.digest('hex')}` as Digest, bytes: this.#bytes };
  }
}
