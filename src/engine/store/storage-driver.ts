import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { withLock } from '../../host/lock.ts';
import { readOwnFile, writeOwnFile } from '../../host/own-file.ts';
import { THIS_HOST } from '../../host/probe.ts';
import { probeFileSystem } from '../../host/probe-file-system.ts';
import { callHelper } from '../../host/run-program.ts';
import { TemporaryDirectory } from '../../host/temporary.ts';
import { removeTree } from '../../storage/trash.ts';
import type { Context, StorageDriver } from './context.ts';
import { storageDriver } from './layer-directories.ts';

/**
 * Decides how a store makes root file systems, for good, unless that is decided: as it is asked to, else by overlay where one
 * can be mounted, which is tried. From then on the directory of layers is there. Throws `unsupported` when overlay is asked
 * for and cannot be, and as `storageDriver`.
 */
export async function decideStorageDriver(context: Context): Promise<StorageDriver> {
  const { paths, helper } = context;
  if (existsSync(paths.layers)) return storageDriver(context);
  mkdirSync(paths.locks, { recursive: true, mode: 0o700 });
  await withLock(helper, join(paths.locks, 'storage-driver'), async () => {
    if (existsSync(paths.layers)) return;
    const why = await whyCopy(context);
    if (why !== undefined) {
      const draft = `${paths.wholeTrees}.${process.pid}`;
      writeOwnFile(draft, why, 0o600);
      renameSync(draft, paths.wholeTrees);
    }
    mkdirSync(paths.layers, { recursive: true, mode: 0o700 });
  });
  return storageDriver(context);
}

/** Says why a store is one of whole trees, for people; undefined for one of overlays. */
export function reasonForCopies({ paths }: Pick<Context, 'paths'>): string | undefined {
  return readOwnFile(paths.wholeTrees);
}

async function whyCopy(context: Context): Promise<string | undefined> {
  const { askedStorage, paths } = context;
  if (askedStorage === 'copy') return 'asked for by SKIFF_STORAGE';
  const refusal = await whyNoOverlay(context);
  if (refusal === undefined || askedStorage === undefined) return refusal;
  throw new EngineError(
    'unsupported',
    `the store ${paths.root} cannot have the storage driver overlay: ${refusal}`,
    {
      subject: paths.root,
      hint: 'leave SKIFF_STORAGE out and containers get copies of their image, or keep the store on a volume or a tmpfs',
    },
  );
}

const { errno } = constants;

/** What says that it is the kernel, or the file system, that cannot; of anything else whoever needs a mount will hear. */
const CANNOT: ReadonlySet<number> = new Set([errno.EINVAL, errno.ENODEV, errno.EOPNOTSUPP, errno.ENOSYS]);

/** Undefined where an overlay can be mounted in the store, or that cannot be found out. */
async function whyNoOverlay({ helper, paths }: Context): Promise<string | undefined> {
  const temporary = new TemporaryDirectory(paths.tmp);
  try {
    const { failure } = await callHelper(helper, ['probe-overlay', temporary.path()]);
    if (failure === undefined || !CANNOT.has(failure.errno)) return undefined;
    if (failure.errno === errno.ENODEV) return 'this kernel has no overlay file system';
    const { type = 'its file system', mountPoint = paths.root } =
      probeFileSystem(THIS_HOST, paths.root) ?? {};
    return `no overlay can lie on ${type} (${mountPoint})`;
  } finally {
    await removeTree(helper, temporary.path());
  }
}
