import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import type { Handover } from '../../host/replace-process.ts';
import { writeNetworks } from '../endpoints/write.ts';
import { appendEvent, containerAttributes } from '../events/journal.ts';
import { type ClientOptions, clientWords } from '../options/client.ts';
import type { LeasedContainer } from '../prepare/container.ts';
import { containerPaths } from '../store/container-paths.ts';
import type { Context } from '../store/context.ts';
import { diskError } from '../store/disk-error.ts';

/** Whether whoever starts a container joins its streams, and how, or goes on without it. */
export interface StartMode {
  mode: 'attach' | 'detach';
  /** The user's name for a container that exists: in the background the program prints that and not the id. */
  name?: string | undefined;
  client?: ClientOptions | undefined;
}

/** Writes the plan of a container that is there to RUN/ID. What is returned performs it. */
export async function startContainer(
  context: Context,
  leased: LeasedContainer,
  { mode, name: called, client }: StartMode,
): Promise<Handover> {
  const { id, name, options, plan } = leased;
  const { runDir, plan: file } = containerPaths(context.paths, id);
  if (options.snapshotOnStart !== undefined) {
    const { snapshotBeforeStart } = await import('../snapshots/before-start.ts');
    await snapshotBeforeStart(context, leased, options.snapshotOnStart.keep);
  }
  try {
    for (const made of [runDir, context.paths.gone]) mkdirSync(made, { recursive: true, mode: 0o700 });
    await makeSources(context, leased);
    await writeNetworks(context, leased);
    writePlanFile(file, plan);
    if (mode === 'attach' && options.step === undefined) {
      const attributes = containerAttributes({ ...options, name });
      appendEvent(context, { type: 'container', action: 'attach', id, attributes });
    }
    const clientArgs = [
      ...(called === undefined ? [] : [`name=${called}`]),
      ...(client === undefined ? [] : clientWords(client)),
    ];
    return { file: context.helper, args: ['skiff-helper', 'run', file, mode, ...clientArgs] };
  } catch (cause) {
    throw diskError(cause, context.paths.run);
  }
}

/** Most have all that they mount. */
async function makeSources(
  { paths }: Context,
  { options, runtime, namespaces }: LeasedContainer,
): Promise<void> {
  const { mounts: asked = [] } = options;
  const { mounts = [], hostMounts = [] } = runtime;
  if (hostMounts.length > 0) mkdirSync(paths.volumeLocks, { recursive: true, mode: 0o700 });
  const isThere = asked.every((mount) => mount.type !== 'bind' || existsSync(mount.source));
  if (isThere && mounts.every(({ type }) => type !== 'overlay')) return;
  const { makeMountSources } = await import('./mount-sources.ts');
  const owner = namespaces.idMaps && (await import('../prepare/id-maps.ts')).rootOwner(namespaces.idMaps);
  makeMountSources({ asked, runtime: mounts }, owner);
}

/**
 * In one step, so that a plan that is there is complete: without one nothing was ever started. It need not survive a
 * power cut, and waiting for the disk would cost more than all the rest.
 */
function writePlanFile(file: string, plan: Uint8Array): void {
  const draft = `${file}.draft`;
  writeFileSync(draft, plan, { mode: 0o600 });
  renameSync(draft, file);
}
