import { parseImageConfig } from '../../oci/image-config.ts';
import { mountsOfRoot } from '../../runtime/plan/root.ts';
import type { PlanRecord } from '../../runtime/record.ts';
import { imageOfContainer } from '../state/image.ts';
import { containerPaths } from '../store/container-paths.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';

/**
 * Decides what of the host's files and of volumes is mounted in the tree of a container that does not run, as it is while
 * it runs. What options of a volume's driver mount is not there meanwhile, and neither is a tmpfs. Places that are missing
 * are made by the first start, or by whoever writes; until then a tree that is read goes without. Throws as `prepareMounts`, for a source that is gone.
 */
export async function stoppedMounts(
  context: Context,
  row: ContainerRow,
  access: 'read' | 'write',
): Promise<PlanRecord[]> {
  const { mounts = [] } = row.options;
  const hasFiles = mounts.some(({ type }) => type === 'bind' || type === 'volume');
  if (!hasFiles) return [];
  const { prepareMounts } = await import('../prepare/mounts.ts');
  const { runtime, hostMounts } = await prepareMounts(context, row.options, {
    image: parseImageConfig(Buffer.from(imageOfContainer(context, row).config)),
    own: containerPaths(context.paths, row.id),
    idMaps: row.idMaps,
    exists: true,
  });
  const isThere = (source: string) => hostMounts.every(({ directory }) => directory !== source);
  return mountsOfRoot(
    runtime.filter((mount) => mount.type === 'bind').filter(({ source }) => isThere(source)),
    access,
  );
}
