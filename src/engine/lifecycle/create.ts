import { chmodSync, chownSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { bootId } from '../../host/boot-id.ts';
import { writeOwnFile } from '../../host/own-file.ts';
import { processIdentity } from '../../host/process.ts';
import { assignEndpoints } from '../endpoints/assign.ts';
import { type FileOwner, FOR_EVERYBODY_INSIDE, writeHostsFiles } from '../endpoints/hosts-files.ts';
import { hostsTexts } from '../endpoints/hosts-texts.ts';
import { appendEvent, containerAttributes } from '../events/journal.ts';
import type { PreparedContainer } from '../prepare/container.ts';
import { departedBefore, transactionAfterSweep } from '../state/departures.ts';
import {
  type ContainerRow,
  deleteContainer,
  insertContainer,
  type OwnerMaps,
  releaseContainer,
} from '../store/containers.ts';
import type { Context } from '../store/context.ts';

/**
 * Makes a container that was prepared: its row, then its directory. Nothing runs yet. `starting` says that this very
 * process goes on to start it. False when its range of ids, or the name that was made up for it, is somebody else's by
 * now: it has to be prepared with others. Throws `conflict` when the name is taken, `unavailable` when the disk is full;
 * nothing of it is left then.
 */
export async function createContainer(
  context: Context,
  prepared: PreparedContainer,
  { starting }: { starting: boolean },
): Promise<boolean> {
  const { idMaps, claimed } = prepared.namespaces;
  const isStillFree = claimed && idMaps !== undefined ? await claim(context, idMaps) : () => true;
  const inserted = insertRow(context, prepared, { starting, isStillFree });
  if (!inserted) return false;
  try {
    await makeFiles(context, prepared);
    if (!starting) releaseContainer(context.database, prepared.id);
    const { id, name, options } = prepared;
    appendEvent(context, {
      type: 'container',
      action: 'create',
      id,
      attributes: containerAttributes({ ...options, name }),
    });
    return true;
  } catch (cause) {
    undoCreation(context, prepared);
    throw diskError(cause, context.paths.containers);
  }
}

/**
 * Makes the directory with what a container begins with: its root, the engine's files, its config, which comes last.
 * Copies the layers before where its id maps ask for it. Goes on where an earlier attempt was killed.
 */
export async function makeFiles(context: Context, prepared: PreparedContainer): Promise<void> {
  const { idMaps } = prepared.namespaces;
  if (idMaps?.idMapped === false) await copyLayers(context, prepared, idMaps);
  const owner = await ownerOf(idMaps);
  mkdirSync(prepared.runtime.identity.containerDir, { recursive: true, mode: 0o710 });
  makeRoot(prepared, owner);
  await writeFiles(context, prepared, owner);
}

/** Writes what the engine keeps in the directory of a container that was made before, as it is for the next start. */
export async function rewriteFiles(context: Context, prepared: PreparedContainer): Promise<void> {
  await writeFiles(context, prepared, await ownerOf(prepared.namespaces.idMaps));
}

/** Takes back the row and the directories of a container that could not be made. */
export function undoCreation({ database }: Context, { id, runtime: { identity } }: PreparedContainer): void {
  for (const path of [identity.runDir, identity.containerDir]) rmSync(path, { recursive: true, force: true });
  deleteContainer(database, id);
}

async function claim({ database }: Context, maps: OwnerMaps): Promise<() => boolean> {
  const { areFree } = await import('../prepare/id-maps.ts');
  return () => areFree(database, maps);
}

async function copyLayers(context: Context, { image }: PreparedContainer, maps: OwnerMaps): Promise<void> {
  const { makeShiftedLayers } = await import('../store/shifted-layers.ts');
  await makeShiftedLayers(context, { layers: image.layers, maps });
}

function newRow(prepared: PreparedContainer, starting: boolean): ContainerRow {
  const { id, name, image, options, runtime, namespaces } = prepared;
  return {
    id,
    name,
    imageId: image.id,
    imageName: options.image,
    layers: image.layers,
    argv: runtime.process.argv,
    options,
    idMaps: namespaces.idMaps,
    autoRemove: options.autoRemove,
    createdAt: Date.now(),
    starter: ownIdentity(),
    started: starting,
    boot: starting ? bootId() : undefined,
    wanted: starting ? 'running' : 'stopped',
    error: undefined,
    ended: undefined,
    imageConfig: undefined,
  };
}

/** This process, as a row's `starter`. */
export function ownIdentity(): string | undefined {
  const self = processIdentity(process.pid);
  return self === undefined ? undefined : `${self.pid} ${self.startTime}`;
}

/**
 * Inserts the row in one transaction with the checks that its image is still there, so that nobody can remove it in
 * between, and that nobody took its ids. False when somebody took those, or a name that nobody has asked for.
 */
function insertRow(
  context: Context,
  prepared: PreparedContainer,
  { starting, isStillFree }: { starting: boolean; isStillFree: () => boolean },
): boolean {
  const row = newRow(prepared, starting);
  return transactionAfterSweep(context, () => {
    if (context.database.get('SELECT 1 FROM image WHERE id = ?', row.imageId) === undefined)
      throw imageVanished(prepared.options.image);
    if (!isStillFree() || !insertNamed(context, prepared, row)) return false;
    if (starting) assignEndpoints(context, prepared);
    return true;
  });
}

/** False when a name that nobody has asked for is taken. */
function insertNamed(context: Context, { options }: PreparedContainer, row: ContainerRow): boolean {
  try {
    insertContainer(context.database, row, (holder) => departedBefore(context, holder));
    return true;
  } catch (error) {
    const isTaken = error instanceof EngineError && error.kind === 'conflict';
    if (isTaken && options.name === undefined) return false;
    throw error;
  }
}

function imageVanished(image: string): EngineError {
  return new EngineError('notFound', `image ${image} was removed just now`, { subject: image });
}

/** Ids of the host; undefined without id maps, where the container's root is the host's. */
async function ownerOf(maps: OwnerMaps | undefined): Promise<FileOwner | undefined> {
  if (maps === undefined) return undefined;
  const { rootOwner } = await import('../prepare/id-maps.ts');
  return rootOwner(maps);
}

/** The engine's files and the config. `owner` is the container's root. */
async function writeFiles(
  context: Context,
  prepared: PreparedContainer,
  owner: FileOwner | undefined,
): Promise<void> {
  const { identity, files, namespaces } = prepared.runtime;
  if (prepared.namespaces.ownFiles) {
    const texts = await hostsTexts(context, prepared);
    writeHostsFiles(prepared.namespaces.files, { ...texts, hostname: namespaces.hostname, owner });
  }
  if (files.localtime !== undefined && prepared.timeZone !== undefined) {
    writeOwnFile(files.localtime, prepared.timeZone, FOR_EVERYBODY_INSIDE);
    if (owner !== undefined) chownSync(files.localtime, owner.uid, owner.gid);
  }
  writeOwnFile(join(identity.containerDir, 'config.json'), prepared.config, 0o600);
}

/** The container's root looks like that of its image: overlay shows the owner and mode of the upper directory. */
function makeRoot({ runtime: { rootfs } }: PreparedContainer, owner: FileOwner | undefined): void {
  for (const path of [rootfs.upper, rootfs.work, rootfs.mountPoint])
    mkdirSync(path, { recursive: true, mode: 0o755 });
  const [top] = rootfs.lowers;
  const like = top === undefined ? undefined : statSync(top);
  const { uid, gid } = like ?? owner ?? { uid: 0, gid: 0 };
  chownSync(rootfs.upper, uid, gid);
  chmodSync(rootfs.upper, (like?.mode ?? 0o755) & 0o7777);
}

/** Turns a failed write below the store into a message. */
export function diskError(cause: unknown, path: string): unknown {
  const { code, message, syscall } = cause as NodeJS.ErrnoException;
  if (syscall === undefined) return cause;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new EngineError('unavailable', `no space left on device for ${path}`, {
      subject: path,
      cause,
      hint: 'free some space, or keep the store elsewhere with --root',
    });
  }
  return new EngineError('unavailable', `cannot write below ${path}: ${message}`, { subject: path, cause });
}
