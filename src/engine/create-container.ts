import { chmodSync, chownSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { processIdentity } from '../host/process.ts';
import { randomHex } from '../host/random.ts';
import { hexOf } from '../oci/digest.ts';
import { parseImageConfig } from '../oci/image-config.ts';
import {
  type ContainerId,
  type ContainerRow,
  insertContainer,
  transactionAfterSweep,
} from './container-store.ts';
import type { Context } from './context.ts';
import type { CreateOptions } from './create-options.ts';
import type { FoundImage } from './image-store.ts';
import { randomName } from './names.ts';
import { mergeProcess } from './process-config.ts';
import { statusOf } from './status.ts';

/** Docker's rule for names: at least two characters. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
const NAME_ATTEMPTS = 20;

/**
 * Makes a container: its row, then its directory. Nothing runs yet. `starting` says that this very process goes on to
 * start it. Throws `conflict` when the name is taken, `invalid` for a name or command that cannot be.
 */
export function createContainer(
  context: Context,
  options: CreateOptions,
  { image, starting }: { image: FoundImage; starting: boolean },
): ContainerRow {
  checkName(options.name);
  const { argv } = mergeProcess(
    parseImageConfig(Buffer.from(image.image.config)),
    options.process,
    options.image,
  );
  const row = insertUnderFreeName(context, options, (name) =>
    newRow(options, image, { name, argv, starting }),
  );
  try {
    makeDirectory(context, row);
  } catch (cause) {
    rmSync(join(context.paths.containers, row.id), { recursive: true, force: true });
    context.database.run('DELETE FROM container WHERE id = ?', row.id);
    throw diskError(cause, context.paths.containers);
  }
  return row;
}

function checkName(name: string | undefined): void {
  if (name === undefined || NAME.test(name)) return;
  throw new EngineError('invalid', `"${name}" cannot be a container's name`, {
    subject: name,
    hint: 'two or more of letters, digits, _ . and -, beginning with a letter or digit',
  });
}

function newRow(
  options: CreateOptions,
  found: FoundImage,
  { name, argv, starting }: { name: string; argv: string[]; starting: boolean },
): ContainerRow {
  const self = processIdentity(process.pid);
  return {
    id: randomHex(32) as ContainerId,
    name,
    imageId: found.image.id,
    imageName: options.image,
    layers: found.image.layers,
    argv,
    options,
    autoRemove: options.autoRemove,
    createdAt: Date.now(),
    starter: self === undefined ? undefined : `${self.pid} ${self.startTime}`,
    started: starting,
    error: undefined,
    ended: undefined,
  };
}

/** Inserts the row in one transaction with the check that its image is still there: nobody can remove it in between. */
function insertUnderFreeName(
  context: Context,
  options: CreateOptions,
  rowFor: (name: string) => ContainerRow,
): ContainerRow {
  const { database, paths } = context;
  for (let attempt = 1; ; attempt += 1) {
    const row = rowFor(options.name ?? randomName());
    try {
      transactionAfterSweep(database, paths.gone, () => {
        if (database.get('SELECT 1 FROM image WHERE id = ?', row.imageId) === undefined)
          throw imageVanished(options.image);
        insertContainer(database, row, (holder) => statusOf(context, holder).state === 'gone');
      });
      return row;
    } catch (error) {
      const taken = error instanceof EngineError && error.kind === 'conflict';
      if (!taken || options.name !== undefined || attempt === NAME_ATTEMPTS) throw error;
    }
  }
}

function imageVanished(image: string): EngineError {
  return new EngineError('notFound', `image ${image} was removed just now`, { subject: image });
}

/** The container's root looks like that of its image: overlay shows the owner and mode of the upper directory. */
function makeDirectory({ paths }: Context, { id, layers }: ContainerRow): void {
  const directory = join(paths.containers, id);
  mkdirSync(directory, { recursive: true, mode: 0o710 });
  for (const name of ['upper', 'work', 'rootfs']) mkdirSync(join(directory, name), { mode: 0o755 });
  const top = layers.at(-1);
  if (top === undefined) return;
  const { mode, uid, gid } = statSync(join(paths.layers, hexOf(top)));
  chownSync(join(directory, 'upper'), uid, gid);
  chmodSync(join(directory, 'upper'), mode & 0o7777);
}

/** Turns a failed write below the store into a message. */
export function diskError(cause: unknown, path: string): unknown {
  if (cause instanceof EngineError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new EngineError('unavailable', `no space left on device for ${path}`, {
      subject: path,
      cause,
      hint: 'free some space, or keep the store elsewhere with --root',
    });
  }
  return new EngineError('unavailable', `cannot write below ${path}: ${message}`, { subject: path, cause });
}
