import { OperationProcess } from '../layer/apply-process.ts';
import { decompressAny } from '../layer/decompress-any.ts';
import { fileOperation } from '../layer/entry.ts';
import { printable, type TarEntry } from '../tar/entry.ts';
import { TarParser, type TarSink } from '../tar/parser.ts';
import { type Copied, CopyAnswer } from './answer.ts';
import type { Listener } from './copy.ts';
import { copyError } from './failure.ts';
import { mapWords, type TreePlace } from './tree.ts';

/** Hands each entry of an archive on, whatever it is called. */
class PlaceSink implements TarSink {
  readonly #operations: OperationProcess;
  leftOut: string | undefined;

  constructor(operations: OperationProcess) {
    this.#operations = operations;
  }

  entry(entry: TarEntry): void {
    const operation = fileOperation(entry);
    this.leftOut ??= operation.leftOut;
    this.#operations.stream.make(entry, operation);
  }

  data(bytes: Buffer): void {
    this.#operations.stream.data(bytes);
  }

  hole(length: number): void {
    this.#operations.stream.hole(length);
  }
}

/** A directory for an archive. */
export interface ArchivePlace extends TreePlace {
  /** The directory itself becomes what the archive says of `./`; absent: it stays as it is. */
  top?: boolean | undefined;
  /** To whom all belongs, as the tree calls them; absent: to whom the archive says. */
  owner?: { uid: number; gid: number } | undefined;
  /** A directory of the archive may be a link to one there. */
  merges?: boolean | undefined;
}

/**
 * Makes what a tar archive holds, plain or compressed with gzip, zstd, xz or bzip2, below a directory (the helper's verb `place`); nothing is made
 * outside of it. Throws `invalid` for an archive that is malformed or ends early, and as `copyError`; what came before is
 * there then.
 */
export async function placeArchive(
  helper: string,
  { root, path, owners, top, owner, merges }: ArchivePlace,
  source: AsyncIterable<Uint8Array>,
  { progress, signal }: Listener = {},
): Promise<Copied> {
  const answer = new CopyAnswer(progress);
  const operations = new OperationProcess({
    helper,
    words: [
      ...['place', root, path, ...mapWords('to', owners)],
      ...(top === true ? ['top'] : []),
      ...(owner === undefined ? [] : [`owner=${owner.uid}:${owner.gid}`]),
      ...(merges === true ? ['merge'] : []),
      ...(progress === undefined ? [] : ['progress']),
    ],
    signal,
    hear: (chunk) => answer.push(chunk),
    explain: (stage, errno, detail) => copyError({ stage, errno, detail }),
  });
  try {
    const sink = new PlaceSink(operations);
    const parser = new TarParser(sink);
    for await (const piece of decompressAny(source)) {
      parser.push(piece);
      await operations.flush();
    }
    parser.end();
    await operations.finish();
    const leftOut = answer.copied.leftOut ?? sink.leftOut;
    return { ...answer.copied, leftOut: leftOut === undefined ? undefined : printable(leftOut) };
  } finally {
    await operations.abandon();
  }
}
