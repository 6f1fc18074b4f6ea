/** The type of an archive entry; whiteouts are told apart later, by their names. */
export type EntryType = 'file' | 'link' | 'symlink' | 'char' | 'block' | 'directory' | 'fifo';

export interface ExtendedAttribute {
  readonly name: string;
  readonly value: string;
}

/** A stretch of a sparse file that holds data; everything between is a hole. In bytes. */
export interface Fragment {
  readonly offset: number;
  readonly length: number;
}

/**
 * An entry of a tar archive. Names, link targets and attribute values are bytes, one character for each (latin1), as
 * they stand in the archive. `size` is the size that the file will have, in bytes.
 */
export interface TarEntry {
  type: EntryType;
  name: string;
  target: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  mtime: { seconds: number; nanoseconds: number };
  major: number;
  minor: number;
  xattrs: ExtendedAttribute[];
}

/** Bytes of a name, for people: decoded as UTF-8 where it is, control characters escaped, shortened. */
export function printable(name: string): string {
  const text = Buffer.from(name, 'latin1').toString('utf8');
  const short = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
  return short.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
