import { lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { callHelper } from '../../host/run-program.ts';
import { compileRootPlan } from '../../runtime/plan/root.ts';
import { encodePlan } from '../../runtime/record.ts';
import type { OwnerMaps } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { type ImageTrees, treesOf } from './presence.ts';

/** What a volume is filled from. */
export interface ImageTree extends ImageTrees {
  /** Of the container that it is filled for. */
  idMaps: OwnerMaps | undefined;
  /** Whose a directory is that the image does not have: ids on disk; absent: root's. */
  owner?: { uid: number; gid: number } | undefined;
}

const ENOENT = 2;
const ENOTDIR = 20;

/**
 * Copies what an image has at a path, a link of the image followed within it: to `tree` in the directory `to`, or, with
 * `into`, its entries into that directory. Owners on disk are those of the image, unless the kernel cannot show them
 * through the container's id maps: then they are shifted through these. Returns false when the image has no directory there.
 * What is in `tmp` afterwards is of no use.
 */
export async function copyFromImage(
  context: Context,
  image: ImageTree,
  { path, to, into = false, tmp }: { path: string; to: string; into?: boolean; tmp: string },
): Promise<boolean> {
  const words = ['follow', into ? 'as=.' : 'as=tree', 'sync', ...ownerWords(image.idMaps)];
  const root = `plan:${writeImagePlan(context, image, tmp)}`;
  const { failure } = await callHelper(context.helper, ['copy', root, path, `dir:${to}`, '.', ...words]);
  if (failure === undefined) return into || lstatSync(join(to, 'tree')).isDirectory();
  const { stage, errno, detail } = failure;
  if (stage === 'copy' && (errno === ENOENT || errno === ENOTDIR)) return false;
  const { helperError } = await import('./helper-error.ts');
  throw helperError(`cannot copy ${path} of the image`, { stage, errno, detail });
}

/** Owners of a tree that is written from inside out. */
export function ownerWords(idMaps: OwnerMaps | undefined): string[] {
  if (idMaps?.idMapped !== false) return [];
  return (['uids', 'gids'] as const).flatMap((kind) =>
    idMaps[kind].map(({ inside, outside, count }) => `to=${kind[0]}:${inside}:${outside}:${count}`),
  );
}

/** The plan that mounts an image's layers, read-only; overlay wants a layer more than one that an image may have alone. */
function writeImagePlan(context: Context, image: ImageTree, tmp: string): string {
  const [upper, mountPoint] = [join(tmp, 'nothing'), join(tmp, 'root')] as const;
  for (const directory of [upper, mountPoint]) mkdirSync(directory, { recursive: true, mode: 0o755 });
  const file = join(tmp, 'image.plan');
  const plan = compileRootPlan({
    id: '0'.repeat(64),
    directory: tmp,
    exitRecord: join(tmp, 'end'),
    rootfs: {
      lowers: treesOf(context, image),
      upper,
      work: '',
      mountPoint,
      idMapped: false,
    },
    readOnly: true,
    access: 'read',
  });
  writeFileSync(file, encodePlan(plan), { mode: 0o600 });
  return file;
}
