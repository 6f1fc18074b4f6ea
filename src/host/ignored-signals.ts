import { constants } from 'node:os';
import { readText } from './read-text.ts';

/** Whether this process ignores a signal (proc_pid_status(5)): Node takes that back as it starts, Bun does not. */
export function isIgnored(signal: NodeJS.Signals): boolean {
  const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readText('/proc/self/status') ?? '')?.[1] ?? '0';
  return ((BigInt(`0x${mask}`) >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n;
}
