import { cacheTypeOf } from '../../engine/build/cache-usage.ts';
import type { DiskSummary } from '../../engine/reports/disk-summary.ts';
import type {
  BuildCacheUsage,
  DiskUsage,
  ImageUsage,
  OtherKind,
  VolumeUsage,
} from '../../engine/reports/disk-usage.ts';
import { familiarName } from '../../engine/store/images.ts';
import { ago } from '../../grammar/time-text.ts';
import type { Fields, Headers } from '../template/template.ts';
import { repositoryAndTag, shortId } from '../text/ids.ts';
import { labelsText } from '../text/labels-text.ts';
import { localTime } from '../text/local-time.ts';
import { humanSize } from '../text/units.ts';
import { PS_HEADERS, psFields } from './ps-fields.ts';

/** A section of `system df -v`: its title, its table, and its rows in Docker's fields. */
export interface DiskSection {
  /** The member of the object that `--format` is executed on. */
  name: 'Images' | 'Containers' | 'Volumes' | 'BuildCache' | 'Other';
  title: string;
  table: string;
  headers: Headers;
  rows: Fields[];
}

export const SUMMARY_HEADERS = {
  Active: 'ACTIVE',
  Reclaimable: 'RECLAIMABLE',
  Size: 'SIZE',
  TotalCount: 'TOTAL',
  Type: 'TYPE',
} satisfies Headers;

/** Returns the fields of a line of `system df`. */
export function summaryFields({ type, total, active, size, reclaimable }: DiskSummary): Fields {
  const percent = size > 0 ? ` (${Math.trunc((reclaimable * 100) / size)}%)` : '';
  return {
    Active: String(active),
    Reclaimable: `${diskSize(reclaimable)}${percent}`,
    Size: diskSize(size),
    TotalCount: String(total),
    Type: type,
  };
}

/** Docker shows four digits here. */
function diskSize(bytes: number): string {
  return humanSize(bytes, 4);
}

/** Returns the sections of `system df -v`, in Docker's order and words, and after them all that is neither. */
export function diskSections({
  images,
  containers,
  volumes,
  buildCache,
  other,
  total,
}: DiskUsage): DiskSection[] {
  return [
    {
      name: 'Images',
      title: 'Images space usage:',
      table:
        'table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}',
      headers: IMAGE_HEADERS,
      rows: images.map(imageFields),
    },
    {
      name: 'Containers',
      title: 'Containers space usage:',
      table:
        'table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}\t{{.Status}}\t{{.Names}}',
      headers: PS_HEADERS,
      rows: containers.map(({ container, size }) => ({
        ...psFields(container, { trunc: true }),
        Size: humanSize(size),
      })),
    },
    {
      name: 'Volumes',
      title: 'Local Volumes space usage:',
      table: 'table {{.Name}}\t{{.Links}}\t{{.Size}}',
      headers: VOLUME_HEADERS,
      rows: volumes.map(volumeFields),
    },
    {
      name: 'BuildCache',
      title: `Build cache usage: ${diskSize(buildCache.reduce((sum, { size }) => sum + size, 0))}`,
      table:
        'table {{.ID}}\t{{.CacheType}}\t{{.Size}}\t{{.CreatedSince}}\t{{.LastUsedSince}}\t{{.UsageCount}}\t{{.Shared}}',
      headers: BUILD_HEADERS,
      rows: buildCache.map(cacheFields),
    },
    {
      name: 'Other',
      title: `Other space usage, of ${diskSize(total)} in all:`,
      table: 'table {{.Type}}\t{{.Size}}\t{{.Description}}',
      headers: OTHER_HEADERS,
      rows: other.map(({ kind, size }) => ({
        Type: OTHER[kind][0],
        Size: diskSize(size),
        Bytes: size,
        Description: OTHER[kind][1],
      })),
    },
  ];
}

function cacheFields({ entry, size, shared, inUse }: BuildCacheUsage): Fields {
  const { key, description, createdAt, usedAt, uses } = entry;
  return {
    CacheType: cacheTypeOf(entry),
    CreatedAt: localTime(createdAt),
    CreatedSince: ago(createdAt),
    Description: description,
    ID: shortId(key),
    InUse: String(inUse),
    LastUsedAt: localTime(usedAt),
    LastUsedSince: ago(usedAt),
    Shared: String(shared),
    Size: diskSize(size),
    UsageCount: String(uses),
  };
}

const IMAGE_HEADERS = {
  Containers: 'CONTAINERS',
  CreatedAt: 'CREATED AT',
  CreatedSince: 'CREATED',
  ID: 'IMAGE ID',
  Repository: 'REPOSITORY',
  SharedSize: 'SHARED SIZE',
  Size: 'SIZE',
  Tag: 'TAG',
  UniqueSize: 'UNIQUE SIZE',
} satisfies Headers;

/** An image has one line, whatever its names: that of the first tag, as with Docker. */
function imageFields({ image, names, builtAt, shared, unique, containers }: ImageUsage): Fields {
  const [first] = names.tags;
  const [repository, tag] = first === undefined ? [NONE, NONE] : repositoryAndTag(familiarName(first));
  return {
    Containers: String(containers),
    CreatedAt: builtAt === undefined ? 'N/A' : localTime(builtAt),
    CreatedSince: builtAt === undefined ? 'N/A' : ago(builtAt),
    ID: shortId(image.id),
    Repository: repository,
    SharedSize: diskSize(shared),
    Size: diskSize(shared + unique),
    Tag: tag,
    UniqueSize: diskSize(unique),
  };
}

const NONE = '<none>';

const VOLUME_HEADERS = {
  Driver: 'DRIVER',
  Labels: 'LABELS',
  Links: 'LINKS',
  Mountpoint: 'MOUNTPOINT',
  Name: 'VOLUME NAME',
  Scope: 'SCOPE',
  Size: 'SIZE',
} satisfies Headers;

function volumeFields({ volume, size }: VolumeUsage): Fields {
  return {
    Driver: volume.driver,
    Labels: labelsText(volume.labels),
    Links: String(volume.users.length),
    Mountpoint: volume.mountPoint,
    Name: volume.name,
    Scope: 'local',
    Size: diskSize(size),
  };
}

const BUILD_HEADERS = {
  CacheType: 'CACHE TYPE',
  CreatedSince: 'CREATED',
  ID: 'CACHE ID',
  LastUsedSince: 'LAST USED',
  Shared: 'SHARED',
  Size: 'SIZE',
  UsageCount: 'USAGE',
} satisfies Headers;

const OTHER_HEADERS = {
  Bytes: 'BYTES',
  Description: 'DESCRIPTION',
  Size: 'SIZE',
  Type: 'TYPE',
} satisfies Headers;

const OTHER: Readonly<Record<OtherKind, readonly [type: string, description: string]>> = {
  copy: ['Layer copies', 'layers with the owners of containers that have ids of their own'],
  snapshots: ['Snapshots', 'what containers had at earlier moments'],
  kept: ['Kept layers', 'layers of removed images, which containers still need'],
  manifests: ['Manifest lists', 'made here for several platforms (skiff manifest)'],
  unnamed: ['Unnamed', 'what pulls are fetching, or commands that were killed have left'],
  temporary: ['Temporary', 'what is being made'],
  trash: ['Trash', 'what is being deleted'],
  database: ['Database', 'what there is'],
  events: ['Events', 'what has happened'],
  helper: ['Helper', 'the native part of skiff'],
  cache: ['Caches', 'compiled filters, locks, what the kernel can do'],
  directory: ['Directories', 'lists of what is there'],
  foreign: ['Foreign', "files that are not skiff's"],
};
