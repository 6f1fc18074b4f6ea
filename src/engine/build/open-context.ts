import { createReadStream, mkdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { placeArchive } from '../../storage/archive/place.ts';
import { anyCompressionOf, peek } from '../../storage/layer/decompress.ts';
import { decompressByProgram } from '../../storage/layer/decompress-program.ts';
import { checksumFits } from '../../storage/tar/numbers.ts';
import type { Context } from '../store/context.ts';
import {
  type ContextFiles,
  type DockerfileText,
  readForeignContext,
  readIgnore,
  readLocalContext,
} from './dockerfile-text.ts';

/** Where the files of a build come from. */
export type ContextSource =
  /** A directory, or an archive of one. */
  | { kind: 'path'; path: string }
  /** Standard input: an archive, or a Dockerfile alone. `name` is for messages. */
  | { kind: 'stream'; name: string; bytes: AsyncIterable<Uint8Array> };

export interface ContextRequest {
  source: ContextSource;
  /** Which Dockerfile: a path, or the text itself; absent: the usual one. */
  file?: string | { bytes: AsyncIterable<Uint8Array> } | undefined;
  /** A directory of this build's own, on the file system of the store, for what has to be unpacked. */
  scratch: () => string;
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
 * bzip2), which is unpacked; a Dockerfile alone, whose context is empty. Throws `invalid` for what is none of these, and
 * as `readLocalContext`.
 */
export async function openContext(context: Context, request: ContextRequest): Promise<OpenedContext> {
  const { source, file, scratch } = request;
  const text = typeof file === 'object' ? await dockerfileOf(file.bytes) : undefined;
  const name = typeof file === 'string' ? file : undefined;
  if (source.kind === 'path' && isDirectory(source.path)) {
    const directory = source.path;
    if (text === undefined) return { directory, ...readLocalContext(directory, name) };
    return { directory, dockerfile: text, ignore: readIgnore(directory) };
  }
  const bytes = source.kind === 'path' ? createReadStream(source.path) : source.bytes;
  const { head, rest } = await peek(bytes, BLOCK);
  const directory = join(scratch(), 'context');
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  if (isArchive(head)) {
    await unpack(context, rest, { directory, signal: request.signal });
    if (text === undefined) return { directory, ...readForeignContext(directory, name) };
    return { directory, dockerfile: text, ignore: readIgnore(directory) };
  }
  if (source.kind === 'path') throw noContext(source.path);
  if (file !== undefined) throw twoDockerfiles(source.name);
  return { directory, dockerfile: await dockerfileOf(rest), ignore: undefined };
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
      hint: `a Dockerfile is named with -f: skiff build -f ${path} .`,
    },
  );
}

function twoDockerfiles(name: string): EngineError {
  return new EngineError('invalid', `${name} is a Dockerfile, and -f names another`, {
    subject: name,
    hint: 'give one of them: -f FILE with a directory, or - alone',
  });
}

/** Whether a stream that begins so is a tar archive, or a compressed file, which is taken for one. */
function isArchive(head: Uint8Array): boolean {
  if (anyCompressionOf(head) !== 'none') return true;
  return head.length >= BLOCK && checksumFits(Buffer.from(head.subarray(0, BLOCK)));
}

async function unpack(
  { helper }: Context,
  bytes: AsyncIterable<Uint8Array>,
  { directory, signal }: { directory: string; signal: AbortSignal | undefined },
): Promise<void> {
  const { head, rest } = await peek(bytes);
  const compression = anyCompressionOf(head);
  const source =
    compression === 'xz' || compression === 'bzip2' ? decompressByProgram(compression, rest) : rest;
  await placeArchive(helper, { root: `dir:${directory}`, path: '/', top: true }, source, { signal });
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
