import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { plainSources, type Selected, selectSources } from '../../build/context/select.ts';
import { isRemote } from '../../build/stages/remote.ts';
import type { CopyStep } from '../../build/stages/step.ts';
import { EngineError, type ErrorKind } from '../../errors.ts';
import { type Digest, digestOf, hexOf } from '../../oci/digest.ts';
import type { Copied } from '../../storage/archive/answer.ts';
import type { Listener } from '../../storage/archive/copy.ts';
import { digestFiles, type GatherTarget, gatherFiles, type Taking } from '../../storage/archive/gather.ts';
import { TreeLister } from '../../storage/archive/list.ts';
import type { Context } from '../store/context.ts';
import { archiveDigest, isTarArchive, unpackArchive } from './local-archive.ts';
import { requireMode } from './mode.ts';
import { findRemote, type KnownRemote, type RemoteFiles } from './remote-source.ts';
import type { Secrets } from './secret.ts';
import { type Owner, type SourceTree, type StageTree, stageTree, withoutStore } from './tree.ts';

/** A COPY or ADD that is to be done. */
export interface CopyRequest {
  step: CopyStep;
  source: SourceTree;
  /** What `--chown` says (`resolveOwner`); absent: root, or whoever it was where a source keeps owners. */
  owner: Owner | undefined;
  /**
   * The time that files of a context get, in seconds (SOURCE_DATE_EPOCH): `digest` does not count theirs, so that what is
   * made must not have them. Absent: they keep their own.
   */
  time?: number | undefined;
  /** The socket of the agent that the build was given: what a repository may be fetched with. */
  agent?: string | undefined;
  /** What else it was given: for repositories that want a token. */
  secrets?: Secrets | undefined;
  /** A directory of this step's own on the file system of the store: what is downloaded comes there, and stays until it is copied. */
  scratch: string;
}

/** What a step takes. */
export interface Selection {
  /**
   * Of all that is taken, as it will be: names, kinds, modes, owners, where links lead, attributes and content. Neither times
   * nor the place of the source count. It is not that of the destination and of the other words of the step.
   */
  digest: Digest;
  entries: number;
  bytes: number;
  /** What `copySources` goes by. */
  parts: readonly SelectionPart[];
}

/** Files of one tree, or an archive whose entries are taken. `note` is told what they are. */
type TreePart = { kind: 'files' | 'archive'; note?: RemoteFiles['note'] } & Taking;

/** What an address leads to is known already; `fetch` fetches it all the same. */
interface KnownPart {
  kind: 'known';
  content: KnownRemote['content'];
  fetch(): Promise<TreePart>;
}

type SelectionPart = TreePart | KnownPart;

/** What documents and directories of the engine's own belong to. */
const ROOT: Owner = { uid: 0, gid: 0 };

/**
 * Finds out what a COPY or ADD takes. Throws `notFound` for a source that is not there (unless `--if-exists`), `invalid` for
 * one that cannot be, `unavailable` for what cannot be read or downloaded.
 */
export async function digestSources(
  context: Context,
  asked: CopyRequest,
  signal?: AbortSignal,
): Promise<Selection> {
  const request = { ...asked, source: withoutStore(context, asked.source) };
  requireMode(request.step.chmod);
  const plain = await digestPlainly(context, request, signal);
  if (plain !== undefined) return plain;
  const parts = await partsOf(context, request, signal);
  const digests: PartDigest[] = [];
  let [entries, bytes] = [0, 0];
  for (const part of parts) {
    const found = part.kind === 'known' ? part.content : await digestPart(context, part, signal);
    digests.push({ kind: found.kind, digest: found.digest });
    entries += found.entries;
    bytes += found.bytes;
  }
  return { digest: wholeDigest(request, digests), entries, bytes, parts };
}

/**
 * Copies what was selected into a stage. Returns the digest of what was really copied: it is another one when somebody
 * has changed the sources meanwhile, and then it is this by which the layer has to be found again. Throws `conflict`
 * where a file would take the place of a directory or the reverse, and as `copyError`.
 */
export async function copySources(
  context: Context,
  request: CopyRequest,
  { selection, stage }: { selection: Selection; stage: StageTree },
  listener: Listener = {},
): Promise<Copied & { digest: Digest }> {
  const { destination: path, parents } = request.step;
  const time = request.source.keepsOwners ? undefined : request.time;
  const target = {
    root: stageTree(stage),
    path,
    into: path.endsWith('/'),
    keepsDirectories: parents,
    time,
  };
  const digests: PartDigest[] = [];
  const all: Copied = { entries: 0, bytes: 0, leftOut: undefined, sockets: 0 };
  for (const selected of selection.parts) {
    const part = selected.kind === 'known' ? await selected.fetch() : selected;
    const copied = await copyPart(context, part, { target, request, before: all }, listener);
    digests.push({ kind: part.kind, digest: copied.digest });
    all.entries += copied.entries;
    all.bytes += copied.bytes;
    all.sockets += copied.sockets;
    all.leftOut ??= copied.leftOut;
  }
  return { ...all, digest: wholeDigest(request, digests) };
}

/** Makes the directory of a WORKDIR, where it is not; parents too, links within the stage are followed. */
export async function makeDirectory(
  context: Context,
  stage: StageTree,
  path: string,
  owner: Owner = ROOT,
): Promise<void> {
  await makeDirectoryAt(context, { root: stageTree(stage), path, into: true }, owner);
}

export { resolveOwner } from './owner.ts';
export type { Owner } from './tree.ts';

interface PartDigest {
  kind: TreePart['kind'];
  digest: Digest;
}

/** An archive's entries keep the owners that it says, so who is asked for instead counts apart. */
function wholeDigest({ owner }: CopyRequest, parts: readonly PartDigest[]): Digest {
  const [only] = parts;
  if (parts.length === 1 && only?.kind === 'files') return only.digest;
  const asked = parts.some(({ kind }) => kind === 'archive') ? { owner } : undefined;
  return digestOf(JSON.stringify({ parts, asked }));
}

async function digestPart(
  context: Context,
  part: TreePart,
  signal: AbortSignal | undefined,
): Promise<KnownRemote['content']> {
  const { helper } = context;
  const { kind } = part;
  const found =
    kind === 'files'
      ? await digestFiles(helper, part, { known: knownFiles(context, part), signal })
      : { ...(await archiveDigest(helper, placeOf(part), signal)), entries: 1 };
  const content = { kind, ...found };
  part.note?.(content);
  return content;
}

async function copyPart(
  context: Context,
  part: TreePart,
  { target, request, before }: { target: GatherTarget; request: CopyRequest; before: Copied },
  { progress, signal }: Listener,
): Promise<Copied & { digest: Digest }> {
  const { helper } = context;
  const whole =
    progress &&
    (({ entries, bytes }: { entries: number; bytes: number }) =>
      progress({ entries: before.entries + entries, bytes: before.bytes + bytes }));
  const listener = { progress: whole, signal };
  if (part.kind === 'files') return await gatherFiles(helper, part, target, listener);
  await makeDirectoryAt(context, target, request.owner ?? ROOT);
  const to = { root: target.root, path: target.path, owner: request.owner, merges: true };
  return await unpackArchive(helper, placeOf(part), to, listener);
}

/**
 * Where it is kept what the files hold that are taken of a directory of the host: a place for each selection, or those of one
 * build would take each other's. What lies in the store is read once.
 */
function knownFiles(
  { paths }: Context,
  { root, files }: Pick<TreePart, 'root' | 'files'>,
): string | undefined {
  const directory = root.startsWith('dir:/') ? root.slice('dir:'.length) : undefined;
  if (directory === undefined || `${directory}/`.startsWith(`${paths.root}/`)) return undefined;
  return join(
    paths.knownFiles,
    hexOf(digestOf(JSON.stringify([directory, ...files.map(({ path }) => path)]))),
  );
}

/** An archive is one file. */
function placeOf({ root, files }: TreePart): { root: string; path: string } {
  return { root, path: `/${files[0]?.path ?? ''}` };
}

async function makeDirectoryAt({ helper }: Context, to: GatherTarget, owner: Owner): Promise<void> {
  await gatherFiles(helper, { root: 'dir:/', files: [], owner }, { ...to, into: true });
}

/** What most COPYs take costs one run of the helper; undefined: it has to be looked at. */
async function digestPlainly(
  context: Context,
  { step, source, owner }: CopyRequest,
  signal: AbortSignal | undefined,
): Promise<Selection | undefined> {
  if (step.add || step.documents.length > 0 || step.sources.length === 0) return undefined;
  const files = plainSources({ ...step, ...naming(source) });
  if (files === undefined) return undefined;
  const kept = source.keepsOwners ? undefined : ROOT;
  const part = { kind: 'files', root: source.root, files, owner: owner ?? kept, mode: step.chmod } as const;
  try {
    const known = knownFiles(context, part);
    return { ...(await digestFiles(context.helper, part, { known, signal })), parts: [part] };
  } catch (error) {
    // Not there, a link on the way, or a directory of which something is left out: who looks says so, or finds it.
    if (error instanceof EngineError && LOOKED_AT.has(error.kind)) return undefined;
    throw error;
  }
}

const LOOKED_AT: ReadonlySet<ErrorKind> = new Set(['notFound', 'conflict', 'invalid']);

/** In the order of the step: one part as long as it is the same tree, and no archive is among them. */
async function partsOf(
  context: Context,
  request: CopyRequest,
  signal: AbortSignal | undefined,
): Promise<SelectionPart[]> {
  const { step, source, owner } = request;
  const parts: SelectionPart[] = [];
  const kept = source.keepsOwners ? undefined : ROOT;
  const local = { root: source.root, owner: owner ?? kept, mode: step.chmod };
  const lister = new TreeLister(context.helper, source.root);
  try {
    for (const text of step.sources) {
      if (step.add && isRemote(text)) {
        parts.push(await remotePart(context, request, text, signal));
        continue;
      }
      const found = await selectSources(lister.list, { ...step, ...naming(source), sources: [text] });
      for (const each of found) {
        const unpacked =
          step.add && step.unpack !== false && (await isArchive(context, source, each, signal));
        add(parts, { kind: unpacked ? 'archive' : 'files', ...local, files: [each] });
      }
    }
  } finally {
    await lister.close();
  }
  if (step.documents.length > 0) parts.push(writeDocuments(request));
  return parts;
}

async function remotePart(
  context: Context,
  { step, owner = ROOT, scratch, agent, secrets }: CopyRequest,
  text: string,
  signal: AbortSignal | undefined,
): Promise<SelectionPart> {
  const found = await findRemote(context, { step, text, owner, scratch, agent, secrets }, signal);
  const taken = (files: RemoteFiles): TreePart => ({ ...files, owner, mode: step.chmod });
  if (found.kind !== 'known') return taken(found);
  return { ...found, fetch: async () => taken(await found.fetch()) };
}

function naming({ ignore, name }: SourceTree): Pick<SourceTree, 'name'> & { ignore: SourceTree['ignore'] } {
  return { ignore, name };
}

async function isArchive(
  { helper }: Context,
  { root }: SourceTree,
  { path, isDirectory }: Selected,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (isDirectory) return false;
  return await isTarArchive(helper, { root, path: `/${path}` }, signal);
}

function add(parts: SelectionPart[], part: TreePart): void {
  const last = parts.at(-1);
  const joins = last?.kind === 'files' && part.kind === 'files' && last.root === part.root;
  if (joins) parts[parts.length - 1] = { ...last, files: [...last.files, ...part.files] };
  else parts.push(part);
}

/** Documents are files that anybody may read (Dockerfile reference, "Here-Documents"). */
function writeDocuments({ step, owner = ROOT, scratch }: CopyRequest): SelectionPart {
  const directory = join(scratch, 'documents');
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const files = step.documents.map(({ name, content }, index) => {
    if (name === '' || name.includes('/') || name === '.' || name === '..')
      throw new EngineError('invalid', `a document cannot be called "${name}"`, { subject: name });
    const path = String(index);
    writeFileSync(join(directory, path), content, { mode: 0o644 });
    return { path, name: Buffer.from(name).toString('latin1') };
  });
  return { kind: 'files', root: `dir:${directory}`, files, owner, mode: step.chmod ?? '644' };
}
