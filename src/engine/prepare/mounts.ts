import { EngineError } from '../../errors.ts';
import type { RuntimeBind, RuntimeMount, RuntimeOverlay } from '../../runtime/options.ts';
import { checkMounts } from '../options/check-mounts.ts';
import type { CreateOptions } from '../options/create.ts';
import type { BindMount, MountOptions, TmpfsMount } from '../options/mounts.ts';
import type { ContainerPaths } from '../store/container-paths.ts';
import { checkPropagation, checkSource } from './bind-sources.ts';

type Writes = NonNullable<RuntimeOverlay['writes']>;

/** A container's mounts as they are kept, and as the runtime is told of them. */
export interface PreparedMounts {
  options: Pick<CreateOptions, 'mounts' | 'volumesFrom'>;
  runtime: RuntimeMount[];
}

/**
 * Decides what is mounted. Throws `invalid` for what cannot be (`checkMounts`), for a source on the host that is missing
 * (`checkSource`) or cannot be shared (`checkPropagation`).
 */
export function prepareMounts(options: CreateOptions, own: ContainerPaths): PreparedMounts {
  checkMounts(options);
  const { mounts = [] } = options;
  return {
    options: { mounts },
    runtime: mounts.map((mount, index) => runtimeMount(mount, own.overlay(index))),
  };
}

function runtimeMount(mount: MountOptions, writes: Writes): RuntimeMount {
  switch (mount.type) {
    case 'bind':
      return bindMount(mount, writes);
    case 'tmpfs':
      return tmpfsMount(mount);
    default:
      throw notYet(mount);
  }
}

function notYet({ type }: { type: string }): EngineError {
  return new EngineError('unsupported', `mounts of type ${type} are not supported`);
}

function bindMount(mount: BindMount, writes: Writes): RuntimeMount {
  const { source, target, readOnly = false, recursive = 'enabled', propagation = 'rprivate' } = mount;
  checkSource(mount);
  checkPropagation(source, propagation);
  if (mount.overlay === true) {
    return { type: 'overlay', lowers: [source], writes, destination: target, readOnly, idMap: mount.idMap };
  }
  return {
    type: 'bind',
    source,
    destination: target,
    recursive: recursive !== 'disabled',
    readOnly: readOnlyOf(readOnly, recursive),
    propagation,
    idMap: mount.idMap,
    chown: mount.chown,
  };
}

function readOnlyOf(readOnly: boolean, recursive: BindMount['recursive']): RuntimeBind['readOnly'] {
  if (!readOnly) return 'no';
  return recursive === 'writable' || recursive === 'disabled' ? 'top' : 'deep';
}

function tmpfsMount({ target, readOnly, size = 0, mode = 0 }: TmpfsMount): RuntimeMount {
  const options = [
    ...(readOnly === true ? ['ro'] : []),
    ...(size === 0 ? [] : [`size=${size}`]),
    ...(mode === 0 ? [] : [`mode=${mode.toString(8)}`]),
  ];
  return { type: 'tmpfs', destination: target, options };
}
