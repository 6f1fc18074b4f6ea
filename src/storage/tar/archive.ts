import { pack } from 'tar-stream';

/** A regular file to be archived, owned by root. `mode` holds the permission bits. */
export interface ArchivedFile {
  name: string;
  mode: number;
  content: Uint8Array;
}

/** A small tar archive in memory: the same bytes for the same files, as every file is from the epoch. */
export async function tarArchive(files: readonly ArchivedFile[]): Promise<Uint8Array> {
  const archive = pack();
  for (const { name, mode, content } of files) {
    archive.entry({ name, mode, mtime: new Date(0) }, Buffer.from(content));
  }
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
