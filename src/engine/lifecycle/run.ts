import { EngineError } from '../../errors.ts';
import type { Handover } from '../../host/replace-process.ts';
import { provideDefaultNetwork, wantedAttachments } from '../endpoints/attachment.ts';
import { OrphanHolds } from '../leases/holders.ts';
import { checkCreateOptions } from '../options/check.ts';
import type { CreateOptions } from '../options/create.ts';
import { type LeasedContainer, type PreparedContainer, prepareContainer } from '../prepare/container.ts';
import { containerByName } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import type { FoundImage } from '../store/images.ts';
import { createContainer, undoCreation } from './create.ts';
import { type StartMode, startContainer } from './hand-over.ts';

const ATTEMPTS = 20;

/** The arguments of a creation besides the options: the image, and how to go about it. */
export interface CreateExtras {
  /** Absent: it is made of a directory (`CreateOptions.rootfs`). */
  image: FoundImage | undefined;
  /** The container that has its name now goes first, also when it runs. */
  replace?: boolean | undefined;
  /** Called with the id of a container that is there and was not started yet. What it throws undoes the creation. */
  whenCreated?: ((id: string) => void) | undefined;
}

/**
 * Creates a container and prepares its start in this very process (see `Containers.run`): all of it is decided, and
 * what cannot be is refused, before a row or a directory exists.
 */
export async function runContainer(
  context: Context,
  options: CreateOptions,
  extras: CreateExtras & StartMode,
): Promise<Handover> {
  const leased = await createPrepared(context, options, { ...extras, starting: true });
  try {
    return await startContainer(context, leased, extras);
  } catch (error) {
    undoCreation(context, leased);
    throw error;
  }
}

/** Makes a container and leaves it to a later `start` (see `Containers.create`). Returns its id. */
export async function makeContainer(
  context: Context,
  options: CreateOptions,
  extras: CreateExtras,
): Promise<string> {
  const { id } = await createPrepared(context, options, { ...extras, starting: false });
  return id;
}

async function createPrepared(
  context: Context,
  options: CreateOptions,
  { image, replace, whenCreated, starting }: CreateExtras & { starting: boolean },
): Promise<LeasedContainer> {
  await checkCreateOptions(options);
  const madeOf = image?.image ?? (await import('../prepare/root-directory.ts')).noImage();
  await provideDefaultNetwork(context, wantedAttachments(options));
  for (let attempt = 1; ; attempt += 1) {
    const prepared = await prepareContainer(context, options, madeOf);
    if (replace === true) await removeNamed(context, options.name);
    const created = await createCleaned(context, prepared, starting);
    if (created === undefined && attempt === ATTEMPTS) throw noFreeName();
    if (created === undefined) continue;
    try {
      whenCreated?.(created.id);
      return created;
    } catch (error) {
      undoCreation(context, created);
      throw error;
    }
  }
}

/**
 * Creates a container as `createContainer`, after a clean-up where a killed monitor's container still holds what is
 * needed.
 */
async function createCleaned(
  context: Context,
  prepared: PreparedContainer,
  starting: boolean,
): Promise<LeasedContainer | undefined> {
  try {
    return await createContainer(context, prepared, { starting });
  } catch (error) {
    if (!(error instanceof OrphanHolds)) throw error;
    const { cleanUp } = await import('../state/observe.ts');
    await cleanUp(context, error.row);
    return undefined;
  }
}

/**
 * Returns the error for when all names that were made up were taken. There are ten thousand of them, but ids for any
 * number of containers.
 */
function noFreeName(): EngineError {
  return new EngineError('conflict', 'no free name was found for the container', {
    remedy: 'name it with --name, or remove containers that are not needed any more (skiff container prune)',
  });
}

async function removeNamed(context: Context, name: string | undefined): Promise<void> {
  const row = name === undefined ? undefined : containerByName(context.database, name);
  if (row === undefined) return;
  const { removeContainer } = await import('./remove.ts');
  await removeContainer(context, row, { force: true });
}
