import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from './missing.ts';
import { isAlive, ownIdentity } from './process.ts';

const NAME = /^api-(\d+)-(\d+)-\d+\.sock$/;

/**
 * Returns the path of a socket of this process, behind one that was handed down; those of processes that are gone are removed.
 * Whoever may enter the directory may speak to it.
 */
export function relayPath(directory: string, descriptor: number): string {
  for (const name of namesIn(directory)) {
    const [, pid, startTime] = NAME.exec(name) ?? [];
    if (pid === undefined || isAlive({ pid: Number(pid), startTime: Number(startTime) })) continue;
    rmSync(join(directory, name), { force: true });
  }
  const { pid, startTime } = ownIdentity();
  return join(directory, `api-${pid}-${startTime}-${descriptor}.sock`);
}
