import type { Digest } from '../../oci/digest.ts';
import { type Copied, CopyAnswer } from './answer.ts';
import type { Listener } from './copy.ts';
import { runCopyVerb } from './copy-process.ts';

/** A file, or what is in a directory, that is taken. Paths are bytes as characters, and have no links. */
export interface TakenFiles {
  path: string;
  /** The name that it gets in a directory. */
  name: string;
  /** What is taken of a directory, in the order of a walk; absent: everything. */
  only?: readonly string[] | undefined;
  /** It has to be no directory: else that fails with EISDIR. */
  isFile?: boolean | undefined;
}

/** What files become. */
export interface Changed {
  /** Whose they become; absent: they stay whose they are. */
  owner?: { uid: number; gid: number } | undefined;
  /** As chmod(1) takes it; absent: modes stay. */
  mode?: string | undefined;
}

/** What is taken from a tree (native/VERBS.md, ROOT). */
export interface Taking extends Changed {
  root: string;
  files: readonly TakenFiles[];
}

/** What is taken, by what is in it: times do not count. */
export interface FilesDigest {
  digest: Digest;
  entries: number;
  /** In regular files. */
  bytes: number;
}

/** How files are read. */
export interface Reading {
  /** A file that keeps what was in files, so that those which have not changed are not read; it need not be there. */
  known?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** Says what is taken, as it would be when it was copied (the helper's verb `digest`). Throws as `copyError`. */
export async function digestFiles(
  helper: string,
  { root, files, ...changed }: Taking,
  { known, signal }: Reading = {},
): Promise<FilesDigest> {
  let text = '';
  const hear = (chunk: Buffer) => {
    text += chunk.toString();
  };
  const words = ['digest', root, ...(known === undefined ? [] : [`known=${known}`]), ...changeWords(changed)];
  await runCopyVerb(helper, words, { hear, input: fieldsOf(files), signal });
  const [digest, entries, bytes] = text.trimEnd().split(' ');
  return { digest: `sha256:${digest}` as Digest, entries: Number(entries), bytes: Number(bytes) };
}

/** Where files go to, and when they were changed. */
export interface GatherTarget {
  root: string;
  /** Absolute; links lead within the root. */
  path: string;
  /** It is a directory, which is made where it is not. */
  into: boolean;
  /** Directories that are there stay as they are. */
  keepsDirectories?: boolean | undefined;
  /** The time of all that is copied, in seconds; absent: times stay. */
  time?: number | undefined;
}

/** Copies what is taken (the helper's verb `gather`). The digest is that of what was really copied. Throws as `copyError`. */
export async function gatherFiles(
  helper: string,
  { root, files, ...changed }: Taking,
  to: GatherTarget,
  { progress, signal }: Listener = {},
): Promise<Copied & { digest: Digest }> {
  const answer = new CopyAnswer(progress);
  const words = [
    ...['gather', root, to.root, to.path],
    ...(to.into ? ['into'] : []),
    ...(to.keepsDirectories === true ? ['parents'] : []),
    ...changeWords(changed),
    ...(to.time === undefined ? [] : [`time=${to.time}`]),
    ...(progress === undefined ? [] : ['progress']),
  ];
  const hear = (chunk: Buffer) => answer.push(chunk);
  await runCopyVerb(helper, words, { hear, input: fieldsOf(files), signal });
  return { ...answer.copied, digest: `sha256:${answer.digest}` as Digest };
}

function changeWords({ owner, mode }: Changed): string[] {
  return [
    ...(owner === undefined ? [] : [`owner=${owner.uid}:${owner.gid}`]),
    ...(mode === undefined ? [] : [`mode=${mode}`]),
  ];
}

function fieldsOf(files: readonly TakenFiles[]): Buffer {
  const fields = files.flatMap(({ path, name, only, isFile }) =>
    only === undefined ? [path, name, isFile === true ? 'file' : 'all'] : [path, name, 'only', ...only, ''],
  );
  return Buffer.from(fields.map((field) => `${field}\0`).join(''), 'latin1');
}
