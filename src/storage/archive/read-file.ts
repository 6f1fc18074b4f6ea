import { EngineError } from '../../errors.ts';
import type { TarEntry } from '../tar/entry.ts';
import { TarParser, type TarSink } from '../tar/parser.ts';
import { runVerb, type VerbOptions } from './run-verb.ts';

const ZEROS = Buffer.alloc(1 << 16);

/** Collects the content of the one file of an archive. */
class ContentSink implements TarSink {
  pieces: Uint8Array[] = [];
  isFile = false;

  entry({ type }: TarEntry): void {
    this.isFile = type === 'file';
  }

  data(bytes: Buffer): void {
    this.pieces.push(bytes);
  }

  hole(length: number): void {
    for (let left = length; left > 0; left -= ZEROS.length)
      this.pieces.push(ZEROS.subarray(0, Math.min(left, ZEROS.length)));
  }

  take(): Uint8Array[] {
    const taken = this.pieces;
    this.pieces = [];
    return taken;
  }
}

/**
 * Yields the content of a file of a tree (native/VERBS.md, ROOT), a link at its end followed within it. Throws `notFound`
 * when it is not there, `invalid` for what is no regular file; leaving the loop early ends the helper.
 */
export async function* readFileOf(
  root: string,
  path: string,
  options: VerbOptions,
): AsyncGenerator<Uint8Array> {
  const sink = new ContentSink();
  const parser = new TarParser(sink);
  for await (const chunk of runVerb(['archive', root, path, 'follow', 'as=file'], options)) {
    parser.push(chunk);
    yield* sink.take();
  }
  parser.end();
  if (!sink.isFile) throw new EngineError('invalid', `${path} is no regular file`, { subject: path });
}
