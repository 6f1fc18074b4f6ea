import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { ProgramResult } from './run-program.ts';

/**
 * Runs a program to its end as `runProgram`, with all that it starts in a process group of its own: that gets SIGKILL when
 * `signal` aborts, or this process exits. `env` is all of its environment; absent: that of this process. No terminal sends it
 * signals. Throws the system's error for a program that cannot be
 * started (`ENOENT`).
 */
export async function runGroup(
  file: string,
  args: readonly string[],
  { env, signal }: { env?: NodeJS.ProcessEnv | undefined; signal?: AbortSignal | undefined },
): Promise<ProgramResult> {
  const own = env === undefined ? {} : { env };
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, ...own });
  const kill = (): void => killGroup(child.pid);
  const { promise: ended, resolve, reject } = Promise.withResolvers<number | undefined>();
  child.once('error', reject).once('exit', (code) => resolve(code ?? undefined));
  process.once('exit', kill);
  signal?.addEventListener('abort', kill, { once: true });
  if (signal?.aborted === true) kill();
  try {
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { code, stdout, stderr: stderr.trim() };
  } finally {
    signal?.removeEventListener('abort', kill);
    process.off('exit', kill);
  }
}

/** Undefined: it could not be started. Whoever of it is left has nothing to be waited for. */
function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}
