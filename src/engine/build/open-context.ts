import { createReadStream, mkdirSync, type Stats, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type GitSource, parseGit } from '../../build/stages/remote.ts';
import { EngineError } from '../../errors.ts';
import { untilAborted } from '../../host/until-aborted.ts';
import { VERSION } from '../../host/version.ts';
import { placeArchive } from '../../storage/archive/place.ts';
import { anyCompressionOf, peek } from '../../storage/layer/decompress.ts';
import { decompressAny } from '../../storage/layer/decompress-any.ts';
import { checksumFits } from '../../storage/tar/numbers.ts';
import type { Context } from '../store/context.ts';
import {
  type ContextFiles,
  type DockerfileText,
  readForeignContext,
  readForeignIgnore,
  readIgnore,
  readLocalContext,
  within,
} from './dockerfile-text.ts';
import { checkOut } from './git.ts';
import type { Secrets } from './secret.ts';

/** Where the files of a build come from. */
export type ContextSource =
  /** A directory, or an archive of one. */
  | { kind: 'path'; path: string }
  /** Standard input: an archive, or a Dockerfile alone. `name` is for messages. */
  | { kind: 'stream'; name: string; bytes: AsyncIterable<Uint8Array> }
  /** A git repository, or the URL of an archive or of a Dockerfile. */
  | { kind: 'remote'; address: string };

export interface ContextRequest {
  source: ContextSource;
  /** Which Dockerfile: a path, or the text itself; absent: the usual one. */
  file?: string | { bytes: AsyncIterable<Uint8Array> } | undefined;
  /** A directory of this build's own, on the file system of the store, for what has to be unpacked. */
  scratch: () => string;
  /** For a repository that wants a token. */
  secrets?: Secrets | undefined;
  signal?: AbortSignal | undefined;
}

/** The files that a build may take, and its Dockerfile. */
export interface OpenedContext extends ContextFiles {
  /** Absolute; one of an archive is this build's own. */
  directory: string;
}

/** The largest Dockerfile on standard input, in bytes. */
const LIMIT = 16 * 1024 * 1024;

/** A block of tar, in bytes: the first one is a header, whose checksum tells that it is one (tar(5)). */
const BLOCK = 512;

/**
 * Opens what a build is made of: a directory, which is read where it lies; an archive (tar, plain or in gzip, zstd, xz or
 * bzip2), which is unpacked; a git repository, which is checked out; a Dockerfile alone, whose context is empty. Throws
 * `invalid` for what is none of these, and as `readLocalContext`, `checkOut` and `openDownload`; `cancelled` once `signal` has
 * aborted.
 */
export async function openContext(context: Context, request: ContextRequest): Promise<OpenedContext> {
  try {
    return await open(context, request);
  } catch (cause) {
    if (request.signal?.aborted !== true) throw cause;
    // Whatever it was that ended what was under way.
    throw new EngineError('cancelled', 'the build was cancelled', { cause });
  }
}

async function open(context: Context, request: ContextRequest): Promise<OpenedContext> {
  const { source, file, scratch } = request;
  const text = typeof file === 'object' ? await dockerfileOf(heard(file.bytes, request.signal)) : undefined;
  const name = typeof file === 'string' ? file : undefined;
  if (source.kind === 'path' && isDirectory(source.path)) return localContext(source.path, name, text);
  const directory = join(scratch(), 'context');
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const git = source.kind === 'remote' ? parseGit(source.address) : undefined;
  if (git !== undefined) return foreignContext(await checkedOut(git, directory, request), name, text);
  const { called, bytes } = await openStream(context, source, request.signal);
  const { head, rest } = await peek(heard(bytes, request.signal), BLOCK);
  if (isArchive(head)) {
    await unpack(context, rest, { directory, signal: request.signal });
    return foreignContext(directory, name, text);
  }
  if (source.kind === 'path' || file !== undefined) {
    await rest.return();
    throw source.kind === 'path' ? noContext(source.path) : twoDockerfiles(called);
  }
  return { directory, dockerfile: await dockerfileOf(rest), ignore: undefined };
}

/** Files that have no Dockerfile. */
export interface FilesRequest extends Pick<ContextRequest, 'secrets' | 'signal'> {
  source: Exclude<ContextSource, { kind: 'path' }>;
  /** Where they go: it is there, and empty. */
  directory: string;
}

/**
 * Fetches files: of an archive, of a git repository, or the one at a URL. Returns the directory that they are in. Throws `invalid`
 * for a stream that is no archive, and as `checkOut` and `openDownload`.
 */
export async function openFiles(context: Context, request: FilesRequest): Promise<string> {
  const { source, directory, signal } = request;
  const git = source.kind === 'remote' ? parseGit(source.address) : undefined;
  if (git !== undefined) return await checkedOut(git, directory, request);
  const { called, bytes } = await openStream(context, source, signal);
  if (source.kind === 'remote') {
    const name = basename(URL.parse(source.address)?.pathname ?? '') || 'download';
    await writeFile(join(directory, name), heard(bytes, signal), { mode: 0o600, flag: 'wx' });
    return directory;
  }
  const { head, rest } = await peek(heard(bytes, signal), BLOCK);
  if (!isArchive(head)) {
    await rest.return();
    throw new EngineError('invalid', `${called} is no archive`, { subject: called });
  }
  await unpack(context, rest, { directory, signal });
  return directory;
}

async function checkedOut(
  git: GitSource,
  directory: string,
  { secrets, signal }: Pick<ContextRequest, 'secrets' | 'signal'>,
): Promise<string> {
  await checkOut(git, { directory, keys: 'user', secrets, signal });
  const inside = within(directory, git.directory);
  if (inside === undefined || !isDirectory(inside)) throw noSuchDirectory(git);
  return inside;
}

/** The bytes of a stream, which may be one that nobody writes to: Ctrl-C ends the waiting. */
function heard(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
  return signal === undefined ? bytes : untilAborted(bytes, signal);
}

/** The user's own directory. `text`: the Dockerfile, when it is not one of the directory's. */
function localContext(
  directory: string,
  name: string | undefined,
  text: DockerfileText | undefined,
): OpenedContext {
  if (text === undefined) return { directory, ...readLocalContext(directory, name) };
  return { directory, dockerfile: text, ignore: readIgnore(directory) };
}

/** A directory that somebody else has filled. */
function foreignContext(
  directory: string,
  name: string | undefined,
  text: DockerfileText | undefined,
): OpenedContext {
  if (text === undefined) return { directory, ...readForeignContext(directory, name) };
  return { directory, dockerfile: text, ignore: readForeignIgnore(directory) };
}

async function openStream(
  { environment }: Context,
  source: ContextSource,
  signal: AbortSignal | undefined,
): Promise<{ called: string; bytes: AsyncIterable<Uint8Array> }> {
  if (source.kind === 'stream') return { called: source.name, bytes: source.bytes };
  if (source.kind === 'path') return { called: source.path, bytes: createReadStream(source.path) };
  const url = URL.parse(source.address);
  if (url === null)
    throw new EngineError('invalid', `"${source.address}" is no URL`, { subject: source.address });
  const { openDownload } = await import('../../registry/download.ts');
  const { body } = await openDownload(url, { userAgent: `skiff/${VERSION}`, environment, signal });
  return { called: source.address, bytes: body };
}

function noSuchDirectory({ url, directory }: GitSource): EngineError {
  return new EngineError('invalid', `${url} has no directory ${directory}`, { subject: directory });
}

function isDirectory(path: string): boolean {
  return look(path).isDirectory();
}

function look(path: string): Stats {
  try {
    return statSync(path);
  } catch (cause) {
    throw new EngineError('invalid', `unable to prepare context: ${reason(cause, path)}`, {
      subject: path,
      hint: 'the last argument is the directory whose files the build may copy',
      cause,
    });
  }
}

function reason(cause: unknown, path: string): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return code === 'ENOENT' ? `path "${path}" not found` : message;
}

function noContext(path: string): EngineError {
  return new EngineError(
    'invalid',
    `unable to prepare context: ${path} is neither a directory nor an archive of one`,
    {
      subject: path,
      remedy: `a Dockerfile is named with -f: skiff build -f ${path} .`,
    },
  );
}

function twoDockerfiles(name: string): EngineError {
  return new EngineError('invalid', `${name} is a Dockerfile, and -f names another`, {
    subject: name,
    hint: 'give one of them: -f FILE with a directory, or - alone',
  });
}

/**
 * Whether a stream that begins so is a tar archive, or a compressed file, which is taken for one. One of nothing begins with the
 * block of zeros that ends it.
 */
export function isArchive(head: Uint8Array): boolean {
  if (anyCompressionOf(head) !== 'none') return true;
  if (head.length < BLOCK) return false;
  const block = Buffer.from(head.subarray(0, BLOCK));
  return checksumFits(block) || block.every((byte) => byte === 0);
}

async function unpack(
  { helper }: Context,
  bytes: AsyncIterable<Uint8Array>,
  { directory, signal }: { directory: string; signal: AbortSignal | undefined },
): Promise<void> {
  await placeArchive(helper, { root: `dir:${directory}`, path: '/', top: true }, decompressAny(bytes), {
    signal,
  });
}

async function dockerfileOf(bytes: AsyncIterable<Uint8Array>): Promise<DockerfileText> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of bytes) {
    length += piece.length;
    if (length > LIMIT)
      throw new EngineError('invalid', `the Dockerfile on standard input is larger than ${LIMIT} bytes`);
    pieces.push(piece);
  }
  return { name: 'Dockerfile', text: Buffer.concat(pieces).toString('utf8') };
}
