import { spawn } from 'node:child_process';

/**
 * An abort signal for the moment in which nobody reads this process's standard output any more, as in `| head -1`: who
 * waits for something to print would not learn of it before printing. A child (`skiff-helper await-hangup`) looks, as
 * neither runtime polls a descriptor that it does not read; it cannot outlive its owner, whose end it sees, too.
 */
export function watchReader(helper: string): { signal: AbortSignal; [Symbol.dispose](): void } {
  const gone = new AbortController();
  const child = spawn(helper, ['await-hangup'], { stdio: ['pipe', 'inherit', 'ignore'] });
  child.once('close', () => gone.abort());
  child.once('error', () => {});
  return { signal: gone.signal, [Symbol.dispose]: () => void child.kill() };
}
