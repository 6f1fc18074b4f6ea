import type { Looks } from '../../host/probe.ts';
import { probeFileSystem } from '../../host/probe-file-system.ts';
import type { KernelFacts } from '../../host/probe-kernel.ts';
import { canMapOwners } from '../prepare/idmapped-mounts.ts';
import { subordinateIds } from '../prepare/subordinate-ids.ts';
import type { Context, StorageDriver } from '../store/context.ts';
import type { Finding } from './finding.ts';

/** The free space, in bytes, below which an image of middle size no longer fits. */
const LITTLE_SPACE = 1024 ** 3;

/** File systems that overlay takes no upper directory on (no d_type, no trusted attributes, or another overlay). */
const WITHOUT_OVERLAY = new Set(['overlay', 'nfs', 'nfs4', '9p']);

/** Those on which files have no owners of their own, or nothing can be made. */
const UNFIT = new Set(['cifs', 'vfat', 'msdos', 'exfat', 'squashfs', 'iso9660']);

const REMEDY_ELSEWHERE =
  'keep the store on ext4, xfs, btrfs or a tmpfs: --root DIR, or a volume mounted there';

/** The cost of the storage driver copy. */
const COPIES =
  'containers begin with a copy of their image: slower starts and more room, and no builds, overlays of directories of the host and limits of size';

/** The store's file system, what overlay and id maps make of it, and the ids for `--userns auto`. */
export async function storeFindings(
  context: Context,
  { looks, kernel }: { looks: Looks; kernel: KernelFacts },
): Promise<Finding[]> {
  return [
    overlayFinding(kernel, decided(context, looks)),
    ...fileSystemFindings(context, looks),
    await idMapFinding(context, looks),
    idsFinding(looks),
  ];
}

/** The storage driver of the store; undefined: it has no layers yet. */
function decided({ paths }: Context, looks: Looks): StorageDriver | undefined {
  if (looks.read(paths.wholeTrees) !== undefined) return 'copy';
  return looks.exists(paths.layers) ? 'overlay' : undefined;
}

function overlayFinding({ overlay }: KernelFacts, driver: StorageDriver | undefined): Finding {
  const finding = { topic: 'store', name: 'overlay' } as const;
  if (overlay) return { ...finding, state: 'ok', detail: 'in the kernel' };
  const remedy = 'modprobe overlay, or a kernel with CONFIG_OVERLAY_FS';
  return { ...finding, ...withoutOverlay(driver), detail: 'not in this kernel', remedy };
}

/** What it costs that no overlay can be mounted. */
function withoutOverlay(driver: StorageDriver | undefined): Pick<Finding, 'state' | 'cost'> {
  if (driver === 'overlay')
    return { state: 'missing', cost: 'no container can run: the layers are made for overlay' };
  return { state: 'limited', cost: COPIES };
}

function fileSystemFindings(context: Context, looks: Looks): Finding[] {
  const { root, wholeTrees } = context.paths;
  const place = probeFileSystem(looks, root);
  if (place === undefined) return [];
  const { type, options, free, total, mountPoint } = place;
  const finding = { topic: 'store', name: root } as const;
  const detail = `on ${type} (${mountPoint})`;
  if (UNFIT.has(type)) {
    const cost = 'the owners of files cannot be kept on it: no image can be unpacked';
    return [{ ...finding, state: 'missing', detail, cost, remedy: REMEDY_ELSEWHERE }];
  }
  if (WITHOUT_OVERLAY.has(type))
    return [{ ...finding, ...withoutOverlay(decided(context, looks)), detail, remedy: REMEDY_ELSEWHERE }];
  for (const [option, cost] of [
    ['ro', 'nothing can be pulled or run'],
    ['noexec', 'the helper and the programs of images cannot be executed'],
  ] as const) {
    if (!options.includes(option)) continue;
    const remedy = `mount -o remount,${option === 'ro' ? 'rw' : 'exec'} ${mountPoint}, or another --root`;
    return [{ ...finding, state: 'missing', detail: `${mountPoint} is mounted ${option}`, cost, remedy }];
  }
  const why = looks.read(wholeTrees);
  if (why !== undefined) {
    const remedy = 'begin anew where overlays can be mounted (skiff system reset, or another --root)';
    return [
      { ...finding, state: 'limited', detail: `the storage driver is copy: ${why}`, cost: COPIES, remedy },
    ];
  }
  const space = `${gigabytes(free)} of ${gigabytes(total)} free`;
  if (free < LITTLE_SPACE) {
    const cost = 'images may not fit';
    return [
      {
        ...finding,
        state: 'limited',
        detail: `${type}, ${space}`,
        cost,
        remedy: 'skiff rmi, or another --root',
      },
    ];
  }
  return [{ ...finding, state: 'ok', detail: `${type}, ${space}` }];
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toPrecision(3)} GB`;
}

async function idMapFinding(context: Context, looks: Looks): Promise<Finding> {
  const finding = { topic: 'store', name: 'idmapped mounts' } as const;
  const cost = 'each id map copies the layers of its image once, with shifted owners';
  const able = looks.euid() === 0 && (await canMapOwners(context).catch(() => false));
  if (able) return { ...finding, state: 'ok', detail: 'user namespaces need no copies of layers' };
  const detail = 'overlay cannot show these layers through id maps';
  const remedy = 'Linux 5.19 or newer, CAP_SYS_ADMIN, and ext4, xfs or btrfs below the store';
  return { ...finding, state: 'limited', detail, cost, remedy };
}

function idsFinding(looks: Looks): Finding {
  const finding = { topic: 'ids', name: 'subordinate ids' } as const;
  try {
    const { uids } = subordinateIds((file) => looks.read(file) ?? '');
    const count = uids.reduce((sum, range) => sum + range.count, 0);
    return { ...finding, state: 'ok', detail: `${count} for containers with ids of their own` };
  } catch (error) {
    const { message, hint } = error as Error & { hint?: string };
    return {
      ...finding,
      state: 'limited',
      detail: message,
      cost: 'free ranges of ids are refused to containers',
      remedy: hint,
    };
  }
}
