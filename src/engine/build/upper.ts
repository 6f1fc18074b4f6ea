import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Makes a directory in `place` that looks like the root that it is to be laid over; `lowers`: topmost first. */
export function newUpper(place: string, lowers: readonly string[]): string {
  const upper = join(place, 'layer');
  mkdirSync(upper, { mode: 0o755 });
  const [top] = lowers;
  if (top === undefined) return upper;
  const { uid, gid, mode } = statSync(top);
  chownSync(upper, uid, gid);
  chmodSync(upper, mode & 0o7777);
  return upper;
}
