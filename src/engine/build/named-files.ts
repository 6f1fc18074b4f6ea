import { EngineError } from '../../errors.ts';
import type { Build } from './build.ts';
import { openFiles } from './open-context.ts';
import type { NamedContext } from './options.ts';

/** A context whose files come from somewhere else. */
export type ForeignContext = Exclude<NamedContext, { kind: 'directory' | 'image' }>;

/**
 * Fetches the files of a context once, when a step needs them; resolves with their directory. Throws as `openFiles`, and
 * `cancelled`.
 */
export function namedFiles(build: Build, name: string, source: ForeignContext): Promise<string> {
  const { context, options, tasks, work, signal } = build.parts;
  const begun = work.contexts.get(name);
  if (begun !== undefined) return begun;
  const fetch = async (): Promise<string> => {
    const from = source.kind === 'stream' ? 'load from client' : `load ${source.address}`;
    const task = tasks.begin(`[context ${name}] ${from}`);
    try {
      const directory = work.directory();
      const path = await openFiles(context, { source, directory, secrets: options.secrets, signal });
      task.end({ kind: 'done' });
      return path;
    } catch (cause) {
      const error = signal.aborted
        ? new EngineError('cancelled', 'the build was cancelled', { cause })
        : cause;
      task.fail(error);
      throw error;
    }
  };
  const files = fetch();
  files.catch(() => {});
  work.contexts.set(name, files);
  return files;
}
