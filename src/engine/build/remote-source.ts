import { mkdirSync, mkdtempSync, utimesSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { selectSources } from '../../build/context/select.ts';
import { fileNameOf, parseGit } from '../../build/stages/remote.ts';
import type { CopyStep } from '../../build/stages/step.ts';
import { EngineError } from '../../errors.ts';
import { VERSION } from '../../host/version.ts';
import { newSha256 } from '../../oci/sha256.ts';
import type { Download } from '../../registry/download.ts';
import type { TakenFiles } from '../../storage/archive/gather.ts';
import { TreeLister } from '../../storage/archive/list.ts';
import type { Context } from '../store/context.ts';
import { checkOut } from './git.ts';
import { isTarArchive } from './local-archive.ts';

/** An address that ADD takes. */
interface RemoteRequest {
  step: CopyStep;
  text: string;
  /** A directory on the file system of the store, in which what is fetched stays. */
  scratch: string;
}

/** What was fetched, as files of a tree (native/VERBS.md, ROOT). */
export interface RemoteFiles {
  kind: 'files' | 'archive';
  root: string;
  files: readonly TakenFiles[];
}

/**
 * Fetches what an address of ADD leads to: a file, or the files of a git repository. Throws `notFound` and `unavailable` for
 * what cannot be had, `invalid` for another checksum than the one that was asked for, `unsupported` without git.
 */
export async function fetchRemote(
  context: Context,
  request: RemoteRequest,
  signal?: AbortSignal,
): Promise<RemoteFiles> {
  mkdirSync(request.scratch, { recursive: true });
  const directory = mkdtempSync(join(request.scratch, 'fetched-'));
  const git = parseGit(request.text);
  if (git === undefined) return await fetchFile(context, request, { directory, signal });
  const { step, text } = request;
  await checkOut(git, { directory, commit: step.checksum, signal });
  const files = await inRepository(context, { directory, inside: git.directory, text, step });
  return { kind: 'files', root: `dir:${directory}`, files };
}

async function inRepository(
  { helper }: Context,
  { directory, inside, text, step }: { directory: string; inside: string; text: string; step: CopyStep },
): Promise<TakenFiles[]> {
  const lister = new TreeLister(helper, `dir:${directory}`);
  try {
    return await selectSources(lister.list, {
      sources: [inside === '' ? '.' : inside],
      exclude: [...(step.keepGitDirectory || inside !== '' ? [] : ['.git']), ...step.exclude],
      parents: false,
      ifExists: false,
      ignore: undefined,
      name: text,
    });
  } finally {
    await lister.close();
  }
}

async function fetchFile(
  context: Context,
  { step, text }: RemoteRequest,
  { directory, signal }: { directory: string; signal: AbortSignal | undefined },
): Promise<RemoteFiles> {
  const url = requireUrl(text);
  const name = fileNameOf(url) ?? (step.destination.endsWith('/') ? undefined : 'file');
  if (name === undefined)
    throw new EngineError('invalid', `"${text}" has no file name`, {
      subject: text,
      hint: 'end the destination with the name that the file is to have',
    });
  const { environment } = context;
  const { openDownload } = await import('../../registry/download.ts');
  const found = await openDownload(url, { userAgent: `skiff/${VERSION}`, environment, signal });
  const path = join(directory, 'file');
  const digest = await keep(found, path);
  requireChecksum(text, step.checksum, digest);
  const root = `dir:${directory}`;
  const unpacked =
    step.unpack === true && (await isTarArchive(context.helper, { root, path: '/file' }, signal));
  const files = [{ path: 'file', name: Buffer.from(name).toString('latin1') }];
  return { kind: unpacked ? 'archive' : 'files', root, files };
}

function requireUrl(text: string): URL {
  const url = URL.parse(text);
  if (url !== null) return url;
  throw new EngineError('invalid', `invalid URL "${text}"`, { subject: text });
}

/** As Docker keeps it: for root alone, with the time that the server says. */
async function keep({ header, body }: Download, path: string): Promise<string> {
  const hash = newSha256();
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const piece of body) {
      hash.update(piece);
      await file.write(piece);
    }
  } finally {
    await file.close();
  }
  const modified = new Date(header('last-modified') ?? Number.NaN);
  if (!Number.isNaN(modified.getTime())) utimesSync(path, modified, modified);
  return hash.digest('hex');
}

function requireChecksum(text: string, wanted: string | undefined, digest: string): void {
  if (wanted === undefined || wanted.toLowerCase() === `sha256:${digest}`) return;
  throw new EngineError('invalid', `${text} has another checksum: sha256:${digest}, not ${wanted}`, {
    subject: text,
    hint: 'somebody has changed the file, or the checksum is that of another one',
  });
}
