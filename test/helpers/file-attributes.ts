import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether the file system of temporary files knows what chattr(1) sets; tmpfs does since Linux 6.6. */
export const HAS_FILE_ATTRIBUTES = tryAttributes();

/** Sets attributes, or takes them away: `+i`, `-i`, `+a`, … */
export function changeAttributes(which: string, ...paths: readonly string[]): void {
  execFileSync('chattr', [which, ...paths]);
}

function tryAttributes(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'skiff-attributes-'));
  const { status } = spawnSync('chattr', ['+a', directory]);
  spawnSync('chattr', ['-a', directory]);
  rmSync(directory, { recursive: true });
  return status === 0;
}
