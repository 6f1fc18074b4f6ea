import { chmodSync, chownSync, mkdirSync, type Stats, statSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import { statusOf } from '../../host/named-path.ts';
import type { RuntimeMount } from '../../runtime/options.ts';
import type { FileOwner } from '../endpoints/hosts-files.ts';
import type { MountOptions } from '../options/mounts.ts';

/**
 * Makes what mounts need before the container starts: directories of the host that are to be made when they are missing
 * (0755, of the container's root), and the layers of overlays, which look like what they cover.
 */
export function makeMountSources(
  { asked, runtime }: { asked: readonly MountOptions[]; runtime: readonly RuntimeMount[] },
  owner: FileOwner = { uid: 0, gid: 0 },
): void {
  for (const mount of asked)
    if (mount.type === 'bind' && mount.createSource === true) makeDirectory(mount.source, owner);
  for (const mount of runtime) {
    if (mount.type !== 'overlay' || mount.writes === undefined) continue;
    makeLayers(mount.writes, statSync(mount.lowers[0] ?? ''));
  }
}

function makeDirectory(path: string, { uid, gid }: FileOwner): void {
  if (statusOf(path) !== undefined) return;
  try {
    const first = mkdirSync(path, { recursive: true, mode: 0o755 });
    if (first === undefined) return;
    for (let at = path; at.length >= first.length; at = at.slice(0, at.lastIndexOf('/'))) {
      chmodSync(at, 0o755);
      chownSync(at, uid, gid);
    }
  } catch (cause) {
    throw new EngineError('unavailable', `cannot make the directory ${path}: ${(cause as Error).message}`, {
      subject: path,
      cause,
      hint: 'name a source that is there',
    });
  }
}

function makeLayers({ upper, work }: { upper: string; work: string }, { uid, gid, mode }: Stats): void {
  mkdirSync(work, { recursive: true, mode: 0o700 });
  mkdirSync(upper, { recursive: true, mode: 0o755 });
  chownSync(upper, uid, gid);
  chmodSync(upper, mode & 0o7777);
}
