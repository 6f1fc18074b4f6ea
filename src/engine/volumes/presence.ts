import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from '../../host/missing.ts';
import { localMount } from '../../volume/local-driver.ts';
import type { Context } from '../store/context.ts';
import { volumeByName } from '../store/volumes.ts';
import type { ResolvedVolume } from './resolve.ts';

/** Whether a volume has its row and its directory. */
export function isThere({ database, paths }: Context, name: string): boolean {
  return volumeByName(database, name) !== undefined && existsSync(join(paths.volumes, name));
}

/** A file system that is mounted for a container begins with what it has. */
export function isFillable({ definition: { options }, source }: ResolvedVolume): boolean {
  return localMount(options)?.kind !== 'file-system' && namesIn(source).length === 0;
}
