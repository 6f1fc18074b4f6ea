import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The seccomp program that a living process attached last, as the kernel has it: an array of struct sock_filter, empty
 * for a process without one. Needs root, and a kernel with CONFIG_CHECKPOINT_RESTORE.
 */
export function attachedFilter(pid: number): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), 'attached-filter-'));
  try {
    const program = join(directory, 'attached-filter');
    const source = join(import.meta.dirname, 'attached-filter.c');
    execFileSync('gcc', ['-O1', '-Wall', '-Werror', '-o', program, source]);
    return execFileSync(program, [`${pid}`]);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
