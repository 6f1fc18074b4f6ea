import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import { bootId } from '../../host/boot-id.ts';
import { writeOwnFile } from '../../host/own-file.ts';
import { formatIdentity, ownIdentity } from '../../host/process.ts';
import type { Endpoint } from '../../network/address/definition.ts';
import { assignEndpoints, loadPortChooser, type PortChooser } from '../endpoints/assign.ts';
import { type FileOwner, FOR_EVERYBODY_INSIDE, writeHostsFiles } from '../endpoints/hosts-files.ts';
import { hostsTexts } from '../endpoints/hosts-texts.ts';
import { appendEvent, containerAttributes } from '../events/journal.ts';
import { mountedImages } from '../options/mounts.ts';
import type { LeasedContainer, PreparedContainer } from '../prepare/container.ts';
import { departedBefore, transactionAfterSweep } from '../state/departures.ts';
import { dropWithVolumes } from '../state/drop.ts';
import { containerPaths } from '../store/container-paths.ts';
import { type ContainerRow, insertContainer, type OwnerMaps, releaseContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { diskError } from '../store/disk-error.ts';
import { hasImage } from '../store/images.ts';
import type { EnsuredVolumes } from '../volumes/ensure.ts';

/**
 * Makes a container that was prepared: its row, then its directory. Nothing runs yet. `starting` says that this very
 * process goes on to start it: it gets its addresses and ports with the row. Undefined when its range of ids, or the name
 * that was made up for it, is somebody else's by now: it has to be prepared with others. Throws `conflict` when the name is taken, `unavailable` when the disk is full;
 * nothing of it is left then.
 */
export async function createContainer(
  context: Context,
  prepared: PreparedContainer,
  { starting }: { starting: boolean },
): Promise<LeasedContainer | undefined> {
  const { idMaps, claimed } = prepared.namespaces;
  const isStillFree = claimed && idMaps !== undefined ? await claim(context, idMaps) : () => true;
  const choosePorts = starting ? await loadPortChooser(prepared) : undefined;
  const volumes = await provideVolumes(context, prepared);
  const endpoints = insertOrDiscard(context, prepared, { isStillFree, starting, choosePorts, volumes });
  if (endpoints === undefined) return undefined;
  try {
    const leased = { ...prepared, endpoints };
    await makeFiles(context, leased);
    if (!starting) releaseContainer(context.database, prepared.id);
    const { id, name, options } = prepared;
    if (options.step !== undefined) return leased;
    appendEvent(context, {
      type: 'container',
      action: 'create',
      id,
      attributes: containerAttributes({ ...options, name }),
    });
    return leased;
  } catch (cause) {
    undoCreation(context, prepared);
    throw diskError(cause, context.paths.containers);
  }
}

/**
 * Tries in a preview (`openPreview`) what `createContainer` does in the database: what is refused there is refused here,
 * and the addresses and ports are those that the container would get now. Undefined for a name that was made up and is
 * taken.
 */
export async function rehearseCreation(
  context: Context,
  prepared: PreparedContainer,
  { starting }: { starting: boolean },
): Promise<LeasedContainer | undefined> {
  const choosePorts = starting ? await loadPortChooser(prepared) : undefined;
  const extras = { isStillFree: () => true, starting, choosePorts, volumes: undefined };
  const endpoints = insertRow(context, prepared, extras);
  return endpoints && { ...prepared, endpoints };
}

/**
 * Makes the directory with what a container begins with: its root, the engine's files, its config, which comes last.
 * Copies the layers before where its id maps ask for it, or all of its image where there are no overlays. Goes on where an
 * earlier attempt was killed.
 */
export async function makeFiles(context: Context, leased: LeasedContainer): Promise<void> {
  const { idMaps } = leased.namespaces;
  const { copyOf } = leased.runtime.rootfs;
  if (copyOf === undefined && idMaps?.idMapped === false) await copyLayers(context, leased, idMaps);
  const owner = await ownerOf(idMaps);
  mkdirSync(leased.runtime.identity.containerDir, { recursive: true, mode: 0o710 });
  if (copyOf !== undefined) await copyImage(context, leased, copyOf);
  makeRoot(leased, owner);
  const { storageSize } = leased.options.files;
  if (storageSize !== undefined) await limitStorage(context, leased, storageSize);
  await writeFiles(context, leased, owner);
}

/** The upper directory and overlay's own: a file is made in one and moved to the other. */
async function limitStorage(
  { helper }: Context,
  { id, runtime: { rootfs } }: PreparedContainer,
  bytes: number,
): Promise<void> {
  const { claimQuota } = await import('../../storage/quota.ts');
  await claimQuota(helper, { id, bytes, directories: [rootfs.upper, rootfs.work] });
}

/** Writes what the engine keeps in the directory of a container that was made before, as it is for the next start. */
export async function rewriteFiles(context: Context, leased: LeasedContainer): Promise<void> {
  const owner = await ownerOf(leased.namespaces.idMaps);
  try {
    await writeFiles(context, leased, owner);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
    await removeFiles(context, leased);
    await writeFiles(context, leased, owner);
  }
}

/** Removes those that a container had mounted: with CAP_LINUX_IMMUTABLE it can have locked them (chattr(1)). */
async function removeFiles({ paths, helper }: Context, { id }: LeasedContainer): Promise<void> {
  const { removeTree } = await import('../../storage/trash.ts');
  const { hostsFiles, localtime } = containerPaths(paths, id);
  for (const file of [...Object.values(hostsFiles), localtime]) await removeTree(helper, file);
}

/** Takes back the row, the directories and the anonymous volumes of a container that could not be made. */
export function undoCreation(context: Context, { id, runtime: { identity } }: PreparedContainer): void {
  for (const path of [identity.runDir, identity.containerDir]) rmSync(path, { recursive: true, force: true });
  context.database.transaction(() => dropWithVolumes(context, id));
}

/** Most have none. */
async function provideVolumes(
  context: Context,
  { volumes, image, options, namespaces: { idMaps } }: PreparedContainer,
): Promise<EnsuredVolumes | undefined> {
  if (volumes.length === 0) return undefined;
  const { ensureVolumes } = await import('../volumes/ensure.ts');
  const owner = idMaps?.idMapped === false ? await ownerOf(idMaps) : undefined;
  return await ensureVolumes(context, volumes, {
    layers: image.layers,
    directory: options.rootfs?.directory,
    idMaps,
    owner,
  });
}

async function claim({ database }: Context, maps: OwnerMaps): Promise<() => boolean> {
  const { areFree } = await import('../prepare/id-maps.ts');
  return () => areFree(database, maps);
}

async function copyLayers(context: Context, { image }: PreparedContainer, maps: OwnerMaps): Promise<void> {
  const { makeShiftedLayers } = await import('../store/shifted-layers.ts');
  await makeShiftedLayers(context, { layers: image.layers, maps });
}

/** With shifted owners where the kernel cannot show them. What goes at its end need not be on the disk. */
async function copyImage(
  context: Context,
  { namespaces: { idMaps }, options, runtime }: PreparedContainer,
  from: string,
): Promise<void> {
  const { makeContainerTree } = await import('../store/container-tree.ts');
  const maps = idMaps?.idMapped === false ? idMaps : undefined;
  await makeContainerTree(context, { from, to: runtime.rootfs.upper, maps, sync: !options.autoRemove });
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
    starter: formatIdentity(ownIdentity()),
    started: starting,
    boot: starting ? bootId() : undefined,
    wanted: starting ? 'running' : 'stopped',
    error: undefined,
    ended: undefined,
    imageConfig: options.rootfs === undefined ? undefined : image.config,
    step: options.step,
  };
}

/** What the insertion of a row depends on, and what comes with it. */
interface RowExtras {
  isStillFree: () => boolean;
  starting: boolean;
  choosePorts: PortChooser | undefined;
  volumes: EnsuredVolumes | undefined;
}

/** As `insertRow`; anonymous volumes that were made for a container which there will not be are gone. */
function insertOrDiscard(
  context: Context,
  prepared: PreparedContainer,
  extras: RowExtras,
): Endpoint[] | undefined {
  let endpoints: Endpoint[] | undefined;
  try {
    endpoints = insertRow(context, prepared, extras);
    return endpoints;
  } finally {
    if (endpoints === undefined) extras.volumes?.discard();
  }
}

/**
 * Inserts the row in one transaction with the checks that its image is still there, so that nobody can remove it in
 * between, and that nobody took its ids, and with the leases of what is started now. Returns the endpoints; undefined when
 * somebody took its ids, or a name that nobody has asked for.
 */
function insertRow(
  context: Context,
  prepared: PreparedContainer,
  { isStillFree, starting, choosePorts, volumes }: RowExtras,
): Endpoint[] | undefined {
  const row = newRow(prepared, starting);
  return transactionAfterSweep(context, () => {
    if (hasRow(prepared.options) && !hasImage(context.database, row.imageId))
      throw imageVanished(prepared.options.image);
    const unmountable = mountedImages(prepared.options.mounts).find((id) => !hasImage(context.database, id));
    if (unmountable !== undefined) throw imageVanished(unmountable);
    if (!isStillFree() || volumes?.areThere() === false) return undefined;
    if (!insertNamed(context, prepared, row)) return undefined;
    volumes?.use(row.id);
    return starting ? assignEndpoints(context, prepared, choosePorts) : [];
  });
}

/** Whether an image of the store is what a container is made of: of a directory there is none, of a step none yet. */
function hasRow({ rootfs, step }: PreparedContainer['options']): boolean {
  return rootfs === undefined && step === undefined;
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
  leased: LeasedContainer,
  owner: FileOwner | undefined,
): Promise<void> {
  const { etc, namespaces } = leased.runtime;
  if (leased.namespaces.ownFiles) {
    const texts = await hostsTexts(context, leased, namespaces);
    writeHostsFiles(leased.namespaces.files, { ...texts, hostname: namespaces.hostname, owner });
  }
  if (leased.timeZone !== undefined) {
    writeOwnFile(etc.localtime, leased.timeZone, FOR_EVERYBODY_INSIDE);
    if (owner !== undefined) chownSync(etc.localtime, owner.uid, owner.gid);
  }
  // In one step: who finds a config takes the container for whole.
  const { config } = containerPaths(context.paths, leased.id);
  writeOwnFile(`${config}.new`, leased.config, 0o600);
  renameSync(`${config}.new`, config);
}

/** The container's root looks like that of its image: overlay shows the owner and mode of the upper directory; a copy has them. */
function makeRoot({ runtime: { rootfs } }: PreparedContainer, owner: FileOwner | undefined): void {
  for (const path of [rootfs.upper, rootfs.work, rootfs.mountPoint])
    mkdirSync(path, { recursive: true, mode: 0o755 });
  if (rootfs.copyOf !== undefined) return;
  const [top] = rootfs.lowers;
  const like = top === undefined ? undefined : statSync(top);
  const { uid, gid } = like ?? owner ?? { uid: 0, gid: 0 };
  chownSync(rootfs.upper, uid, gid);
  chmodSync(rootfs.upper, (like?.mode ?? 0o755) & 0o7777);
}
