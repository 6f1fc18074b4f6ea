import type { Looks } from '../../host/probe.ts';
import { probeFileSystem } from '../../host/probe-file-system.ts';
import type { KernelFacts } from '../../host/probe-kernel.ts';
import { canMapOwners } from '../prepare/idmapped-mounts.ts';
import { subordinateIds } from '../prepare/subordinate-ids.ts';
import type { Context } from '../store/context.ts';
import type { Finding } from './finding.ts';

/** The free space, in bytes, below which an image of middle size no longer fits. */
const LITTLE_SPACE = 1024 ** 3;

/** File systems that overlay does not take an upper directory on (no d_type, no trusted attributes, or another overlay). */
const UNFIT = new Set([
  'overlay',
  'nfs',
  'nfs4',
  'cifs',
  'vfat',
  'msdos',
  'exfat',
  '9p',
  'squashfs',
  'iso9660',
]);

/** The store's file system, what overlay and id maps make of it, and the ids for `--userns auto`. */
export async function storeFindings(
  context: Context,
  { looks, kernel }: { looks: Looks; kernel: KernelFacts },
): Promise<Finding[]> {
  return [
    overlayFinding(kernel),
    ...fileSystemFindings(context.paths.root, looks),
    await idMapFinding(context, looks),
    idsFinding(looks),
  ];
}

function overlayFinding({ overlay }: KernelFacts): Finding {
  const finding = { topic: 'store', name: 'overlay' } as const;
  if (overlay) return { ...finding, state: 'ok', detail: 'in the kernel' };
  return {
    ...finding,
    state: 'missing',
    detail: 'not in this kernel',
    cost: 'no container can run',
    remedy: 'modprobe overlay, or a kernel with CONFIG_OVERLAY_FS',
  };
}

function fileSystemFindings(root: string, looks: Looks): Finding[] {
  const place = probeFileSystem(looks, root);
  if (place === undefined) return [];
  const { type, options, free, total, mountPoint } = place;
  const finding = { topic: 'store', name: root } as const;
  const elsewhereHint =
    'keep the store on ext4, xfs, btrfs or a tmpfs: --root DIR, or a volume mounted there';
  if (UNFIT.has(type)) {
    const cost = 'overlay mounts on it are refused, so no container can run';
    return [
      { ...finding, state: 'missing', detail: `on ${type} (${mountPoint})`, cost, remedy: elsewhereHint },
    ];
  }
  for (const [option, cost] of [
    ['ro', 'nothing can be pulled or run'],
    ['noexec', 'the helper and the programs of images cannot be executed'],
  ] as const) {
    if (!options.includes(option)) continue;
    const remedy = `mount -o remount,${option === 'ro' ? 'rw' : 'exec'} ${mountPoint}, or another --root`;
    return [{ ...finding, state: 'missing', detail: `${mountPoint} is mounted ${option}`, cost, remedy }];
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
