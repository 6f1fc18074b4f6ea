import { chmodSync, chownSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { processIdentity } from '../host/process.ts';
import {
  type ContainerRow,
  deleteContainer,
  insertContainer,
  type OwnerMaps,
  transactionAfterSweep,
} from './container-store.ts';
import type { Context } from './context.ts';
import { type FileOwner, writeHostsFiles } from './hosts-files.ts';
import { randomName } from './names.ts';
import type { PreparedContainer } from './prepare-container.ts';
import { statusOf } from './status.ts';

const NAME_ATTEMPTS = 20;

/**
 * Makes a container that was prepared: its row, then its directory. Nothing runs yet. `starting` says that this very
 * process goes on to start it. False when another command took its range of ids meanwhile: it wants another one.
 * Throws `conflict` when the name is taken, `unavailable` when the disk is full; nothing of it is left then.
 */
export async function createContainer(
  context: Context,
  prepared: PreparedContainer,
  { starting }: { starting: boolean },
): Promise<boolean> {
  const { idMaps, claimed } = prepared.namespaces;
  const isStillFree = claimed && idMaps !== undefined ? await claim(context, idMaps) : () => true;
  const inserted = insertUnderFreeName(context, prepared, { starting, isStillFree });
  if (!inserted) return false;
  try {
    if (idMaps?.idMapped === false) await copyLayers(context, prepared, idMaps);
    makeDirectory(prepared, await ownerOf(idMaps));
    return true;
  } catch (cause) {
    undoCreation(context, prepared);
    throw diskError(cause, context.paths.containers);
  }
}

/** Takes back the row and the directories of a container that could not be made. */
export function undoCreation({ database }: Context, { id, runtime: { identity } }: PreparedContainer): void {
  for (const path of [identity.runDir, identity.containerDir]) rmSync(path, { recursive: true, force: true });
  deleteContainer(database, id);
}

async function claim({ database }: Context, maps: OwnerMaps): Promise<() => boolean> {
  const { areFree } = await import('./id-maps.ts');
  return () => areFree(database, maps);
}

async function copyLayers(context: Context, { image }: PreparedContainer, maps: OwnerMaps): Promise<void> {
  const { makeShiftedLayers } = await import('./shifted-layers.ts');
  await makeShiftedLayers(context, { layers: image.layers, maps });
}

function newRow(prepared: PreparedContainer, name: string, starting: boolean): ContainerRow {
  const { id, image, options, runtime, namespaces } = prepared;
  const self = processIdentity(process.pid);
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
    starter: self === undefined ? undefined : `${self.pid} ${self.startTime}`,
    started: starting,
    error: undefined,
    ended: undefined,
  };
}

/**
 * Inserts the row in one transaction with the checks that its image is still there, so that nobody can remove it in
 * between, and that nobody took its ids. False when somebody did.
 */
function insertUnderFreeName(
  context: Context,
  prepared: PreparedContainer,
  { starting, isStillFree }: { starting: boolean; isStillFree: () => boolean },
): boolean {
  const { database, paths } = context;
  const { name, image } = prepared.options;
  for (let attempt = 1; ; attempt += 1) {
    const row = newRow(prepared, name ?? randomName(), starting);
    try {
      return transactionAfterSweep(database, paths.gone, () => {
        if (database.get('SELECT 1 FROM image WHERE id = ?', row.imageId) === undefined)
          throw imageVanished(image);
        if (!isStillFree()) return false;
        insertContainer(database, row, (holder) => statusOf(context, holder).state === 'gone');
        return true;
      });
    } catch (error) {
      const taken = error instanceof EngineError && error.kind === 'conflict';
      if (!taken || name !== undefined || attempt === NAME_ATTEMPTS) throw error;
    }
  }
}

function imageVanished(image: string): EngineError {
  return new EngineError('notFound', `image ${image} was removed just now`, { subject: image });
}

/** Ids of the host; undefined without id maps, where the container's root is the host's. */
async function ownerOf(maps: OwnerMaps | undefined): Promise<FileOwner | undefined> {
  if (maps === undefined) return undefined;
  const { rootOwner } = await import('./id-maps.ts');
  return rootOwner(maps);
}

/** The directory with what a container begins with: its root, the engine's files, its config. `owner` is its root. */
function makeDirectory(prepared: PreparedContainer, owner: FileOwner | undefined): void {
  const { identity, files, namespaces } = prepared.runtime;
  mkdirSync(identity.containerDir, { recursive: true, mode: 0o710 });
  makeRoot(prepared, owner);
  if (prepared.namespaces.ownFiles) {
    const network = namespaces.network === 'host' ? 'host' : 'new';
    writeHostsFiles(prepared.namespaces.files, { network, hostname: namespaces.hostname, owner });
  }
  if (files.localtime !== undefined && prepared.timeZone !== undefined) {
    writeFileSync(files.localtime, prepared.timeZone);
    if (owner !== undefined) chownSync(files.localtime, owner.uid, owner.gid);
  }
  writeFileSync(join(identity.containerDir, 'config.json'), prepared.config);
}

/** The container's root looks like that of its image: overlay shows the owner and mode of the upper directory. */
function makeRoot({ runtime: { rootfs } }: PreparedContainer, owner: FileOwner | undefined): void {
  for (const path of [rootfs.upper, rootfs.work, rootfs.mountPoint]) mkdirSync(path, { mode: 0o755 });
  const [top] = rootfs.lowers;
  const like = top === undefined ? undefined : statSync(top);
  const { uid, gid } = like ?? owner ?? { uid: 0, gid: 0 };
  chownSync(rootfs.upper, uid, gid);
  if (like !== undefined) chmodSync(rootfs.upper, like.mode & 0o7777);
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
