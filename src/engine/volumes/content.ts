import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { runProgram } from '../../host/run-program.ts';
import { compileRootPlan } from '../../runtime/plan/root.ts';
import { encodePlan } from '../../runtime/record.ts';
import type { TreePlace } from '../../storage/archive/tree.ts';
import { type LocalMount, localMount } from '../../volume/local-driver.ts';
import type { Context } from '../store/context.ts';
import { type VolumeRow, volumeDirectory } from '../store/volumes.ts';
import { inWorkspace } from '../store/workspace.ts';
import { withAddress } from './server-address.ts';

type FileSystem = Extract<LocalMount, { kind: 'file-system' }>;

/**
 * Calls `body` with the place of a volume's files for verbs of the helper. A file system that no container which is up has
 * mounted is mounted by the verb itself, where nobody else sees it. Throws `conflict` for one in memory: then it has none.
 */
export async function withContent<T>(
  context: Context,
  row: VolumeRow,
  body: (place: TreePlace) => Promise<T>,
): Promise<T> {
  const mounted = localMount(row.options);
  if (mounted?.kind === 'bind') return await body({ root: `dir:${mounted.source}`, path: '/' });
  const directory = volumeDirectory(context, row);
  if (mounted === undefined) return await body({ root: `dir:${directory}`, path: '/' });
  if (await isMounted(context, directory)) return await body({ root: `mount:${directory}`, path: '/' });
  if (mounted.type === 'tmpfs' || mounted.type === 'ramfs') throw isInMemory(row);
  return await inWorkspace(context, async ({ tmp }) => {
    const plan = await writePlan(mounted, tmp());
    return await body({ root: `plan:${plan}`, path: `/${PLACE}` });
  });
}

/** By the kernel, as it is for the helper, which has the last word when the verb begins. */
async function isMounted({ helper }: Context, directory: string): Promise<boolean> {
  return (await runProgram(helper, ['look', `mount:${directory}`, '/'])).code === 0;
}

/** The place of the file system in a root that is empty otherwise. */
const PLACE = 'volume';

async function writePlan(mounted: FileSystem, tmp: string): Promise<string> {
  const { type, device, flags, data } = await withAddress(mounted);
  const [directory, mountPoint, file] = [
    join(tmp, 'tree'),
    join(tmp, 'root'),
    join(tmp, 'volume.plan'),
  ] as const;
  for (const path of [join(directory, PLACE), mountPoint]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const plan = compileRootPlan({
    id: '0'.repeat(64),
    directory: tmp,
    exitRecord: join(tmp, 'end'),
    rootfs: { directory, lowers: [], upper: '', work: '', mountPoint, idMapped: false },
    readOnly: false,
    access: 'read',
    mounts: [['mount', type, device, `/${PLACE}`, flags.join(), data.join()]],
  });
  writeFileSync(file, encodePlan(plan), { mode: 0o600 });
  return file;
}

function isInMemory({ name }: VolumeRow): EngineError {
  return new EngineError('conflict', `the volume ${name} is in memory, and no container that is up has it`, {
    subject: name,
    hint: 'its files are there only while a container uses it that is up: start one first',
  });
}
