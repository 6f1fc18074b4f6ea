import { EngineError } from '../../errors.ts';
import type { ChangedLayers } from '../../storage/archive/changes.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { rootfsOf } from '../store/root-file-system.ts';

/** What is made in a container's root for the mounts that every container has, where its image has nothing there. */
export const OWN_PLACES = [
  'dev',
  'etc',
  'etc/hostname',
  'etc/hosts',
  'etc/localtime',
  'etc/resolv.conf',
  'proc',
  'sys',
];

/**
 * What a container has changed, on what it stands on or in what it is a copy of, as the kernel has it: owners are the host's
 * where they are shifted. Throws `unsupported` for one that writes into a directory of the host.
 */
export function changedLayers(context: Context, row: ContainerRow): ChangedLayers {
  const { directory, upper, lowers, copyOf } = rootfsOf(context, row);
  if (directory === undefined) return { upper, lowers, own: OWN_PLACES, ...changesSinceCopy(copyOf, row) };
  throw new EngineError('unsupported', `container ${row.name} writes into ${directory} itself`, {
    subject: row.name,
    hint: `what it changes is not kept apart; it is with --rootfs ${directory}:O`,
  });
}

function changesSinceCopy(
  copyOf: string | undefined,
  { idMaps }: ContainerRow,
): Pick<ChangedLayers, 'since' | 'owners'> {
  if (copyOf === undefined) return {};
  return { since: copyOf, owners: idMaps?.idMapped === false ? idMaps : undefined };
}
