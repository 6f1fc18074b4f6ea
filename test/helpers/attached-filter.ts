import { execFileSync } from 'node:child_process';
import { builtProgram } from './built-program.ts';

/**
 * The seccomp program that a living process attached last, as the kernel has it: an array of struct sock_filter, empty
 * for a process without one. Needs root, and a kernel with CONFIG_CHECKPOINT_RESTORE.
 */
export function attachedFilter(pid: number): Uint8Array {
  return execFileSync(builtProgram('attached-filter'), [`${pid}`]);
}
