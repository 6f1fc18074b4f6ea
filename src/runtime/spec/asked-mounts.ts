import type { MountSpec } from '../../oci/runtime-config.ts';
import type { RuntimeBind, RuntimeMount, RuntimeOverlay } from '../options.ts';
import { tmpfsMount } from './tmpfs-options.ts';

/**
 * A mount that was asked for in the specification's words (config.md, "Mounts"). What the words do not have, a path
 * below the source that cannot lead out of it, the plan takes from the options themselves.
 */
export function askedMount(mount: RuntimeMount): MountSpec {
  switch (mount.type) {
    case 'bind':
      return bindMount(mount);
    case 'overlay':
      return overlayMount(mount);
    default:
      return tmpfsMount({ path: mount.destination, options: mount.options });
  }
}

const READ_ONLY = { no: [], top: ['ro'], deep: ['rro'] } as const;

function bindMount({ source, beneath, destination, ...mount }: RuntimeBind): MountSpec {
  return {
    destination,
    type: 'bind',
    source: beneath === undefined ? source : `${source}/${beneath}`,
    options: [
      mount.recursive ? 'rbind' : 'bind',
      mount.propagation,
      ...READ_ONLY[mount.readOnly],
      ...(mount.flags ?? []),
      ...(mount.idMap === true ? ['idmap'] : []),
    ],
  };
}

function overlayMount({ lowers, writes, destination, readOnly, idMap }: RuntimeOverlay): MountSpec {
  return {
    destination,
    type: 'overlay',
    source: 'overlay',
    options: [
      `lowerdir=${lowers.map(escaped).join(':')}`,
      ...(writes === undefined
        ? []
        : [`upperdir=${escaped(writes.upper)}`, `workdir=${escaped(writes.work)}`]),
      ...(readOnly || writes === undefined ? ['ro'] : []),
      ...(idMap ? ['idmap'] : []),
    ],
  };
}

/** Of overlayfs: a colon would begin the next directory, a comma the next option. */
function escaped(path: string): string {
  return path.replace(/[\\:,]/g, '\\$&');
}
