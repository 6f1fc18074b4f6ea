import type { Database, Row } from '../../host/database.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ExitRecord } from '../../runtime/monitor/records.ts';
import type { CreateOptions } from '../options/create.ts';
import type { ContainerId, ContainerRow, OwnerMaps, StartFailure } from './containers.ts';

/**
 * All containers, newest first, as `allContainers` has them, for lists of thousands: JSON that few lists show is parsed
 * when somebody asks for it.
 */
export function listedRows(database: Database): ContainerRow[] {
  return database.all('SELECT * FROM container ORDER BY created_at DESC, id').map(lazyRow);
}

function lazyRow(row: Row): ContainerRow {
  const text = (column: string) => (row[column] as string | null) ?? undefined;
  const json = (column: string): unknown => {
    const written = text(column);
    return written === undefined ? undefined : JSON.parse(written);
  };
  let options: CreateOptions | undefined;
  let layers: Digest[] | undefined;
  return {
    id: text('id') as ContainerId,
    name: text('name') ?? '',
    imageId: text('image_id') as Digest,
    imageName: text('image_name') ?? '',
    get layers() {
      layers ??= json('layers') as Digest[];
      return layers;
    },
    argv: json('argv') as string[],
    get options() {
      options ??= json('options') as CreateOptions;
      return options;
    },
    get idMaps() {
      return json('id_maps') as OwnerMaps | undefined;
    },
    autoRemove: row['auto_remove'] === 1,
    createdAt: row['created_at'] as number,
    starter: text('starter'),
    started: row['started'] === 1,
    boot: text('boot'),
    wanted: row['wanted'] === 'running' ? 'running' : 'stopped',
    error: json('error') as StartFailure | undefined,
    ended: json('ended') as ExitRecord | undefined,
    imageConfig: text('image_config'),
  };
}
