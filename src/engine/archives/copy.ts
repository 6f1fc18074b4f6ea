import { realpathSync } from 'node:fs';
import type { Copied } from '../../storage/archive/answer.ts';
import { archiveTree, copyTree, type Listener, treeArchive } from '../../storage/archive/copy.ts';
import { placeArchive } from '../../storage/archive/place.ts';
import type { TreePlace } from '../../storage/archive/tree.ts';
import { findContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import {
  type ContainerPath,
  type ContainerSource,
  containerDirectory,
  containerSource,
  containerTarget,
} from './container-path.ts';
import { type FoundPath, lookAtPath } from './found-path.ts';
import { type HostSource, hostSource, hostTarget } from './host-path.ts';
import { type ContainerRoot, type RootRequest, withContainerRoot } from './root.ts';
import { type CopyTarget, ownName, placeOf } from './rules.ts';

/** One side of a copy: a path of the host, or one in a container. */
export type CopySide = { path: string } | ContainerPath;

export interface CopyRequest {
  from: CopySide;
  to: CopySide;
  /** A link at the end of the source is followed. */
  followLink: boolean;
  /** What comes to the host keeps its owners, too; what goes into a container always does. */
  archive: boolean;
}

/**
 * Copies files and directories between the host and containers, running or not, by Docker's rules. The owners are those
 * that the container sees. Throws `notFound`, `invalid` and `conflict` for what cannot be copied there, and as `copyError`.
 */
export async function copyFiles(context: Context, request: CopyRequest, listener: Listener): Promise<Copied> {
  const { from, to } = request;
  return await inTree(context, from, 'read', (source) =>
    inTree(context, to, 'write', (target) => copyBetween(context, request, { source, target }, listener)),
  );
}

/** Writes what lies at a path in a container as tar to this process's standard output. */
export async function exportFiles(
  context: Context,
  from: ContainerPath,
  { followLink }: { followLink: boolean },
  signal?: AbortSignal,
): Promise<void> {
  await inContainer(context, from, 'read', async (tree) => {
    const { path, follow } = await containerSource(context.helper, tree, from, { followLink });
    await archiveTree(context.helper, { from: { ...tree, path }, name: ownName(path), follow }, signal);
  });
}

/** Takes what lies at a path, and, bit by bit, its archive. */
export type FilesReader = (found: FoundPath, archive: AsyncIterable<Uint8Array>) => Promise<void>;

/** Hands what lies at a path in a container to `read`, as tar. Throws as `exportFiles`; what `read` leaves is not read. */
export async function readFiles(
  context: Context,
  from: ContainerPath,
  read: FilesReader,
  signal?: AbortSignal,
): Promise<void> {
  const { helper } = context;
  await inContainer(context, from, 'read', async (tree) => {
    const found = await lookAtPath(helper, tree, from);
    const { path, follow } = await containerSource(helper, tree, from, { followLink: false });
    const name = entryName(found);
    await read(found, treeArchive(helper, { from: { ...tree, path }, name, follow }, signal));
  });
}

/** Clients put another name in the place of this one, in front of all names of the archive. */
function entryName({ name }: FoundPath): string {
  return name === '.' ? './' : name;
}

/** Looks at a path in a container. Throws as `lookAtPath`. */
export async function findFile(context: Context, at: ContainerPath): Promise<FoundPath> {
  return await inContainer(context, at, 'read', (tree) => lookAtPath(context.helper, tree, at));
}

/** Makes what a tar archive holds in a directory of a container. Throws as `placeArchive`. */
export async function importFiles(
  context: Context,
  source: AsyncIterable<Uint8Array>,
  to: ContainerPath,
  listener: Listener,
): Promise<Copied> {
  return await inContainer(context, to, 'write', async (tree) => {
    const path = await containerDirectory(context.helper, tree, to);
    return await placeArchive(context.helper, { ...tree, path }, source, listener);
  });
}

async function copyBetween(
  context: Context,
  request: CopyRequest,
  { source, target }: { source: ContainerRoot | undefined; target: ContainerRoot | undefined },
  listener: Listener,
): Promise<Copied> {
  const found = await sourceOf(context, request, source);
  const { directory, name } = placeOf(found, await targetOf(context, request.to, target));
  return await copyTree(
    context.helper,
    {
      from: sideOf(source, 'real' in found ? found.real : found.path),
      to: sideOf(target, target === undefined ? realpathSync(directory) : directory),
      name,
      follow: found.follow,
      owner: target === undefined && !request.archive ? ownIds() : undefined,
    },
    listener,
  );
}

async function sourceOf(
  { helper }: Context,
  { from, followLink }: CopyRequest,
  tree: ContainerRoot | undefined,
): Promise<HostSource | ContainerSource> {
  if (tree === undefined || !('container' in from)) return hostSource(from.path, { followLink });
  return await containerSource(helper, tree, from, { followLink });
}

async function targetOf(
  { helper }: Context,
  to: CopySide,
  tree: ContainerRoot | undefined,
): Promise<CopyTarget> {
  if (tree === undefined || !('container' in to)) return hostTarget(to.path);
  return await containerTarget(helper, tree, to);
}

function sideOf(tree: ContainerRoot | undefined, path: string): TreePlace {
  return tree === undefined ? { root: 'dir:/', path } : { ...tree, path };
}

/** Whose everything becomes that comes to the host: whoever asks for it, as with Docker. */
function ownIds(): { uid: number; gid: number } {
  return { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
}

async function inTree<T>(
  context: Context,
  side: CopySide,
  access: RootRequest['access'],
  body: (tree: ContainerRoot | undefined) => Promise<T>,
): Promise<T> {
  return 'container' in side ? await inContainer(context, side, access, body) : await body(undefined);
}

async function inContainer<T>(
  context: Context,
  { container }: ContainerPath,
  access: RootRequest['access'],
  body: (tree: ContainerRoot) => Promise<T>,
): Promise<T> {
  const row = findContainer(context.database, container);
  return await withContainerRoot(context, row, { access, mounts: true }, body);
}
