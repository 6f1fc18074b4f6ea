import { chmodSync, chownSync, utimesSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import { callHelper } from '../../host/run-program.ts';
import { placeArchive } from '../../storage/archive/place.ts';
import { decompress } from '../../storage/layer/decompress.ts';
import type { TarEntry } from '../../storage/tar/entry.ts';
import { TarParser } from '../../storage/tar/parser.ts';
import { localMount } from '../../volume/local-driver.ts';
import type { Context } from '../store/context.ts';
import { findVolume, usersOf, type VolumeRow, volumeDirectory } from '../store/volumes.ts';
import { helperError } from './helper-error.ts';

/**
 * Writes what is in a volume as tar to a descriptor, with `./` as its root. Throws `notFound`, and `conflict` for one whose
 * file system is mounted only while containers need it.
 */
export async function exportVolume(context: Context, text: string, descriptor: number): Promise<void> {
  const row = findVolume(context.database, text);
  const words = ['archive', `dir:${contentOf(context, row)}`, '/', 'as=.'];
  const { failure } = await callHelper(context.helper, words, new Uint8Array(), descriptor);
  if (failure !== undefined) throw helperError(`cannot export the volume ${row.name}`, failure);
}

/**
 * Makes in a volume what a tar archive holds, which may be compressed; what is there besides stays. Throws as
 * `exportVolume`, and `invalid` for an archive that is malformed: what came before is there then.
 */
export async function importVolume(
  context: Context,
  text: string,
  source: AsyncIterable<Uint8Array>,
): Promise<void> {
  const row = findVolume(context.database, text);
  const directory = contentOf(context, row);
  const archive = new WatchedArchive(source);
  await placeArchive(context.helper, { root: `dir:${directory}`, path: '/' }, archive.pieces());
  const { root } = archive;
  if (root === undefined) return;
  chownSync(directory, root.uid, root.gid);
  chmodSync(directory, root.mode & 0o7777);
  const seconds = root.mtime.seconds + root.mtime.nanoseconds / 1e9;
  utimesSync(directory, seconds, seconds);
}

/**
 * An archive on its way, of which it is remembered what its first entry says when that is `./`: what the volume's own
 * directory is like, which the helper leaves as it is.
 */
class WatchedArchive {
  root: TarEntry | undefined;
  readonly #source: AsyncIterable<Uint8Array>;
  #seen = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source;
  }

  async *pieces(): AsyncGenerator<Uint8Array> {
    const parser = new TarParser({ entry: (entry) => this.#note(entry), data: () => {}, hole: () => {} });
    for await (const piece of decompress(this.#source)) {
      if (!this.#seen) parser.push(Buffer.from(piece));
      yield piece;
    }
  }

  #note(entry: TarEntry): void {
    if (!this.#seen && entry.type === 'directory' && /^\.?\/*$/.test(entry.name)) this.root = entry;
    this.#seen = true;
  }
}

/** Where the files of a volume are. */
function contentOf(context: Context, row: VolumeRow): string {
  const mounted = localMount(row.options);
  if (mounted?.kind === 'bind') return mounted.source;
  if (mounted !== undefined && usersOf(context.database, row.name).length === 0) throw notMounted(row);
  return volumeDirectory(context, row);
}

function notMounted({ name }: VolumeRow): EngineError {
  return new EngineError('conflict', `the file system of the volume ${name} is not mounted`, {
    subject: name,
    hint: 'it is while a container uses it that is up',
  });
}
