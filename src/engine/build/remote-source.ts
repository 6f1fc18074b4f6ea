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
import type { KnownContent } from './known-downloads.ts';
import { isTarArchive } from './local-archive.ts';
import type { Secrets } from './secret.ts';
import type { Owner } from './tree.ts';

const USER_AGENT = `skiff/${VERSION}`;

/** An address that ADD takes. */
interface RemoteRequest {
  step: CopyStep;
  text: string;
  /** The socket of the agent that the build was given. */
  agent?: string | undefined;
  /** What else it was given: for repositories that want a token. */
  secrets?: Secrets | undefined;
  /** A directory on the file system of the store, in which what is fetched stays. */
  scratch: string;
}

/** What was fetched, as files of a tree (native/VERBS.md, ROOT). */
export interface RemoteFiles {
  kind: 'files' | 'archive';
  root: string;
  files: readonly TakenFiles[];
  /** Told what they are, to be known the next time. */
  note?: ((content: KnownContent) => void) | undefined;
}

/** What an address leads to, as it is known from before: nothing was fetched. */
export interface KnownRemote {
  kind: 'known';
  content: KnownContent;
  fetch(): Promise<RemoteFiles>;
}

/**
 * Finds what an address of ADD leads to: what is known of a file by its checksum, or as the server says that it has not
 * changed, is not fetched. Throws as `fetchRemote`.
 */
export async function findRemote(
  context: Context,
  request: RemoteRequest & { owner: Owner },
  signal?: AbortSignal,
): Promise<RemoteFiles | KnownRemote> {
  const { step, text, owner } = request;
  if (parseGit(text) !== undefined) return await fetchRemote(context, request, signal);
  const url = requireUrl(text);
  const words = { url, name: requireName(url, request), step, owner };
  const { knownDownload, noteDownload } = await import('./known-downloads.ts');
  const known = knownDownload(context, words);
  const fetch = () => fetchRemote(context, request, signal);
  if (known !== undefined && step.checksum !== undefined)
    return { kind: 'known', content: known.content, fetch };
  const { environment } = context;
  const options = { userAgent: USER_AGENT, environment, signal };
  const { openChangedDownload, openDownload, validatorsOf } = await import('../../registry/download.ts');
  const found =
    known === undefined
      ? await openDownload(url, options)
      : await openChangedDownload(url, known.validators, options);
  if (known !== undefined && found === undefined) return { kind: 'known', content: known.content, fetch };
  const files = await keepFile(context, request, { found: found as Download, signal });
  const validators = validatorsOf(found as Download);
  return { ...files, note: (content) => noteDownload(context, words, { content, validators }) };
}

/**
 * Fetches what an address of ADD leads to: a file, or the files of a git repository. Throws `notFound` and `unavailable` for
 * what cannot be had, `invalid` for another checksum than the one that was asked for, `unsupported` without git.
 */
async function fetchRemote(
  context: Context,
  request: RemoteRequest,
  signal?: AbortSignal,
): Promise<RemoteFiles> {
  const { step, text } = request;
  const git = parseGit(text);
  if (git === undefined) {
    const url = requireUrl(text);
    requireName(url, request);
    const { environment } = context;
    const { openDownload } = await import('../../registry/download.ts');
    const found = await openDownload(url, { userAgent: USER_AGENT, environment, signal });
    return await keepFile(context, request, { found, signal });
  }
  const directory = newDirectory(request);
  const { agent, secrets } = request;
  await checkOut(git, { directory, commit: step.checksum, keys: { agent }, secrets, signal });
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

function requireName(url: URL, { step, text }: RemoteRequest): string {
  const name = fileNameOf(url) ?? (step.destination.endsWith('/') ? undefined : 'file');
  if (name !== undefined) return name;
  throw new EngineError('invalid', `"${text}" has no file name`, {
    subject: text,
    hint: 'end the destination with the name that the file is to have',
  });
}

async function keepFile(
  context: Context,
  request: RemoteRequest,
  { found, signal }: { found: Download; signal: AbortSignal | undefined },
): Promise<RemoteFiles> {
  const { step, text } = request;
  const name = requireName(requireUrl(text), request);
  const directory = newDirectory(request);
  const digest = await keep(found, join(directory, 'file'));
  requireChecksum(text, step.checksum, digest);
  const root = `dir:${directory}`;
  const unpacked =
    step.unpack === true && (await isTarArchive(context.helper, { root, path: '/file' }, signal));
  const files = [{ path: 'file', name: Buffer.from(name).toString('latin1') }];
  return { kind: unpacked ? 'archive' : 'files', root, files };
}

function newDirectory({ scratch }: RemoteRequest): string {
  mkdirSync(scratch, { recursive: true });
  return mkdtempSync(join(scratch, 'fetched-'));
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
