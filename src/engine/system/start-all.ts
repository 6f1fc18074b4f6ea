import { EngineError } from '../../errors.ts';
import { startDetached } from '../lifecycle/start.ts';
import { endContainer } from '../lifecycle/stop.ts';
import { observe } from '../state/observe.ts';
import { allContainers, type ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';

/** The outcome for a container that had to be started; without an error it runs. */
export interface StartedContainer {
  id: string;
  name: string;
  error?: EngineError | undefined;
}

/**
 * Starts what runs again after a reboot: everything that was started before and has the restart policy `always`, or
 * `unless-stopped` and was not stopped by anybody. Oldest first, but after those whose namespaces it shares. What cannot
 * be started is reported and does not keep others from it.
 */
export async function startAll(context: Context): Promise<StartedContainer[]> {
  const results: StartedContainer[] = [];
  for (const row of inOrder(allContainers(context.database).reverse().filter(isToRun))) {
    const observed = await observe(context, row);
    const state = observed?.status.state;
    if (state !== 'created' && state !== 'exited') continue;
    results.push({ id: row.id, name: row.name, error: await start(context, row) });
  }
  return results;
}

/** Stops everything that runs, all at once; what is to run after a reboot stays so. */
export async function stopAll(context: Context): Promise<void> {
  const ends = allContainers(context.database).map((row) => endContainer(context, row, {}));
  const failed = (await Promise.allSettled(ends)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

function isToRun({ started, wanted, options }: ContainerRow): boolean {
  const policy = options.restart?.name;
  return started && (policy === 'always' || (policy === 'unless-stopped' && wanted === 'running'));
}

async function start(context: Context, row: ContainerRow): Promise<EngineError | undefined> {
  try {
    await startDetached(context, row);
    return undefined;
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
}

/** Puts containers in an order to start them: one that shares namespaces of another comes after that one. */
function inOrder(rows: readonly ContainerRow[]): ContainerRow[] {
  const ordered = new Set<ContainerRow>();
  const add = (row: ContainerRow, path: readonly ContainerRow[]): void => {
    if (path.includes(row)) return;
    for (const owner of rows.filter(({ id }) => sharesWith(row, id))) add(owner, [...path, row]);
    ordered.add(row);
  };
  for (const row of rows) add(row, []);
  return [...ordered];
}

function sharesWith({ options }: ContainerRow, id: string): boolean {
  return Object.values(options.namespaces).some(
    (choice) =>
      typeof choice === 'object' && choice !== null && 'container' in choice && choice.container === id,
  );
}
