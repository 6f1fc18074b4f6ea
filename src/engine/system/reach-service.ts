import { join } from 'node:path';
import { startInBackground } from '../../host/background-program.ts';
import { answers } from '../../host/listen-on-path.ts';
import { withLock } from '../../host/lock.ts';
import type { Context } from '../store/context.ts';

/** See `Engine.reachService`. Of those who come at the same time one starts it, and the others find it. */
export async function reachService(
  context: Context,
  words: (path: string) => readonly string[],
): Promise<string> {
  void context.database;
  const path = context.paths.service;
  await withLock(context.helper, join(context.paths.locks, 'service'), async () => {
    if (!(await answers(path))) await startInBackground(context.ownCommandLine(words(path)), path);
  });
  return path;
}
