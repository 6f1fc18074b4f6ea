import { pipeline } from 'node:stream/promises';
import { type Pack, pack } from 'tar-stream';

/** A regular file to be archived, owned by root. `mode` holds the permission bits. */
export interface ArchivedFile {
  name: string;
  mode: number;
  /** In bytes: what `content` yields in all. */
  size: number;
  content(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/**
 * Streams a tar archive: the same bytes for the same files, as every file is from the epoch. Contents are opened one
 * after the other, and what they throw is thrown. Whoever leaves the loop early closes what is open.
 */
export function tarArchive(files: Iterable<ArchivedFile>): AsyncGenerator<Uint8Array> {
  return packed((archive) => write(archive, files));
}

async function* packed(writeTo: (archive: Pack) => Promise<void>): AsyncGenerator<Uint8Array> {
  const archive = pack();
  const writing = writeTo(archive);
  writing.catch((error: unknown) => archive.destroy(error as Error));
  try {
    yield* archive as AsyncIterable<Uint8Array>;
  } finally {
    archive.destroy();
  }
  await writing;
}

async function write(archive: Pack, files: Iterable<ArchivedFile>): Promise<void> {
  for (const { name, mode, size, content } of files)
    await pipeline(content(), archive.entry({ name, mode, size, mtime: new Date(0) }));
  archive.finalize();
}

/** What an archive may have. Of what is no regular file there is no content. */
export interface ArchivedEntry extends ArchivedFile {
  type: 'file' | 'link' | 'symlink' | 'directory' | 'fifo' | 'character-device' | 'block-device';
  /** ms since the epoch. */
  modifiedAt: number;
  /** Of links. */
  target: string;
  /** Of devices. */
  device: { major: number; minor: number };
}

/** Streams a tar archive of entries as they come, all of them root's. Throws what `entries` and contents throw. */
export function tarOfEntries(entries: AsyncIterable<ArchivedEntry>): AsyncGenerator<Uint8Array> {
  return packed((archive) => writeEntries(archive, entries));
}

async function writeEntries(archive: Pack, entries: AsyncIterable<ArchivedEntry>): Promise<void> {
  for await (const { name, type, mode, size, modifiedAt, target, device, content } of entries) {
    const { major: devmajor, minor: devminor } = device;
    const link = target === '' ? {} : { linkname: target };
    const header = { name, type, mode, size, mtime: new Date(modifiedAt), devmajor, devminor, ...link };
    if (type === 'file') await pipeline(content(), archive.entry(header));
    else archive.entry(header);
  }
  archive.finalize();
}
