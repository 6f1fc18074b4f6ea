import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { namesIn } from '../../host/missing.ts';
import type { Context } from './context.ts';

/** The file by which the containers know of each other that share what is mounted for a volume. */
export function mountLock({ paths }: Pick<Context, 'paths'>, name: string): string {
  return join(paths.volumeLocks, name);
}

/**
 * Unmounts what is mounted for volumes that no container which is up needs any more: what killed monitors have left. Without
 * names for all of them. Throws `unavailable` when the kernel refuses.
 */
export async function unmountUnneeded(
  context: Pick<Context, 'helper' | 'paths'>,
  names: readonly string[] = namesIn(context.paths.volumeLocks),
): Promise<void> {
  for (const name of names) {
    const lock = mountLock(context, name);
    if (!existsSync(lock)) continue;
    const { runProgram } = await import('../../host/run-program.ts');
    const { code, stderr } = await runProgram(context.helper, [
      'host-unmount',
      join(context.paths.volumes, name),
      lock,
    ]);
    if (code !== 0)
      throw new EngineError('unavailable', `cannot unmount volume ${name}: ${stderr}`, { subject: name });
  }
}
