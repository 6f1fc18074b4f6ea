import type { IdMaps, IdRange, RootfsOptions, RuntimeBind } from '../options.ts';
import type { PlanRecord } from '../record.ts';
import { askedMount } from '../spec/asked-mounts.ts';
import { askedRecord, mapWords, overlayWords } from './mounts.ts';

/** A root file system that is mounted for a verb of the helper alone, without a container. */
export interface RootPlacement {
  /** The container's id. */
  id: string;
  /** For what a plan has to name; nothing is written there. */
  directory: string;
  /** Where the record of an end would be: no plan is without one. */
  exitRecord: string;
  rootfs: RootfsOptions;
  readOnly: boolean;
  /** Absent: no user namespace. */
  idMaps?: IdMaps | undefined;
  /** `read`: without a directory to write to, so that any number can be mounted, whatever else is. */
  access: 'read' | 'write';
  /** Whether of a directory of the host what is mounted below it is seen, too. */
  deep?: boolean | undefined;
  /** What is mounted in it, in the order in which it is. */
  mounts?: readonly PlanRecord[] | undefined;
}

/** Compiles the plan of a ROOT (native/VERBS.md): owners are those of the host, as a running container shows them. */
export function compileRootPlan({
  id,
  directory,
  exitRecord,
  rootfs,
  readOnly,
  idMaps,
  access,
  deep,
  mounts = [],
}: RootPlacement): PlanRecord[] {
  return [
    ['id', id],
    ['rundir', directory],
    ['exit-record', exitRecord],
    ['namespace', 'mount'],
    ...(idMaps === undefined ? [] : ([['namespace', 'user']] as const)),
    ...mapRecords('uid-map', idMaps?.uids ?? []),
    ...mapRecords('gid-map', idMaps?.gids ?? []),
    ['setup'],
    ['init'],
    rootRecord(rootfs, { readOnly, access, deep }),
    ...mounts,
    ['process'],
    ['teardown'],
  ];
}

/** Compiles binds for `mounts` of such a plan, parents first; nothing of them is shared with the host or given away. */
export function mountsOfRoot(binds: readonly RuntimeBind[], access: RootPlacement['access']): PlanRecord[] {
  const depth = ({ destination }: RuntimeBind) => destination.split('/').length;
  return binds
    .map((bind): RuntimeBind => {
      const readOnly = access === 'read' ? 'deep' : bind.readOnly;
      return { ...bind, readOnly, propagation: 'rprivate', chown: undefined };
    })
    .sort((one, other) => depth(one) - depth(other))
    .map((bind) => askedRecord(bind, askedMount(bind)));
}

function mapRecords(op: 'uid-map' | 'gid-map', ranges: readonly IdRange[]): PlanRecord[] {
  return ranges.map(({ inside, outside, count }) => [op, String(inside), String(outside), String(count)]);
}

/** Nothing in it is executed or opened as a device. */
function rootRecord(
  rootfs: RootfsOptions,
  { readOnly, access, deep = false }: Pick<RootPlacement, 'readOnly' | 'access' | 'deep'>,
): PlanRecord {
  const { directory, lowers, upper, work, mountPoint } = rootfs;
  const closed = access === 'read' || readOnly ? ['ro'] : [];
  const common = ['nodev', 'nosuid', 'noexec', ...closed];
  const bound = [...common, ...mapWords(rootfs)];
  if (directory !== undefined)
    return ['bind-root', mountPoint, directory, [...(deep ? ['rec'] : []), ...bound].join()];
  if (lowers.length === 0) return ['bind-root', mountPoint, upper, bound.join()];
  const flags = [...common, ...overlayWords(rootfs)].join();
  if (access === 'read') return ['overlay', mountPoint, '', '', flags, upper, ...lowers];
  return ['overlay', mountPoint, upper, work, flags, ...lowers];
}
