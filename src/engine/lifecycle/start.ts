import { existsSync, rmSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import { bootId } from '../../host/boot-id.ts';
import { formatIdentity, ownIdentity } from '../../host/process.ts';
import type { Handover } from '../../host/replace-process.ts';
import { runProgram } from '../../host/run-program.ts';
import type { Endpoint } from '../../network/address/definition.ts';
import { loadPortChooser, type PortChooser, reassignEndpoints } from '../endpoints/assign.ts';
import { OrphanHolds } from '../leases/holders.ts';
import type { ClientOptions } from '../options/client.ts';
import { untilInput } from '../options/input.ts';
import { type LeasedContainer, type PreparedContainer, prepareContainer } from '../prepare/container.ts';
import { imageOfContainer } from '../state/image.ts';
import { cleanUp, type Observed } from '../state/observe.ts';
import { settleContainer } from '../state/settle.ts';
import { isBeingStarted, isNotRunning, isUp, statusOf } from '../state/status.ts';
import { requireUnwritten } from '../state/writers.ts';
import { containerPaths } from '../store/container-paths.ts';
import {
  type ContainerRow,
  containerById,
  noSuchContainer,
  recordStart,
  recordStarted,
  releaseContainer,
  type StartFailure,
} from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { makeFiles, rewriteFiles } from './create.ts';
import { type StartMode, startContainer } from './hand-over.ts';
import { withPaused } from './pause.ts';
import type { ProcessStreams } from './process-streams.ts';
import { forgetFailedStart } from './start-failure.ts';

/**
 * Prepares the start of a container that exists. The caller becomes the returned program. One that runs is not started
 * again: with `attach` the program joins its streams, with `detach` there is none. Throws `conflict` for one that is
 * paused, being started, or written to by another command, and whatever the preparation of a new one throws.
 */
export async function startExisting(
  context: Context,
  row: ContainerRow,
  startMode: StartMode,
): Promise<Handover | undefined> {
  for (;;) {
    const observed = await settle(context, row.id, row.name);
    if (isUp(observed.status)) return await joinRunning(context, observed, startMode);
    const { row: current } = observed;
    const prepared = await prepareContainer(context, current.options, imageOfContainer(context, current), {
      existing: current,
    });
    const leased = await claimCleaned(context, current, prepared);
    if (leased === undefined) continue;
    try {
      if (isWhole(context, leased)) await rewriteFiles(context, leased);
      else await makeFiles(context, leased);
      return await startContainer(context, leased, startMode);
    } catch (error) {
      rmSync(leased.runtime.identity.runDir, { recursive: true, force: true });
      releaseContainer(context.database, row.id);
      throw error;
    }
  }
}

/**
 * Starts a container in the background and goes on. False for one that runs already. Throws as `startExisting`, and why
 * its command could not be executed.
 */
export async function startDetached(context: Context, row: ContainerRow): Promise<boolean> {
  const handover = await startExisting(context, row, { mode: 'detach' });
  if (handover === undefined) return false;
  const [, ...args] = handover.args;
  try {
    const { code, stderr } = await runProgram(handover.file, args);
    if (code !== 0) throw startFailure(context, row, stderr);
    return true;
  } finally {
    leaveStart(context, row);
  }
}

/**
 * Starts a container, or joins it when it runs, as a caller who goes on and takes part in its streams. Resolves when its
 * command was executed. Throws as `startDetached`.
 */
export async function startJoined(
  context: Context,
  row: ContainerRow,
  client: ClientOptions,
): Promise<ProcessStreams> {
  const joined = untilInput(row.options.process, client);
  const handover = await startExisting(context, row, { mode: 'attach', client: joined });
  if (handover === undefined) throw isNotRunning(row);
  const { streamsOfStart } = await import('./process-streams.ts');
  const { streams, started } = streamsOfStart(
    handover,
    joined,
    containerPaths(context.paths, row.id).control,
  );
  try {
    if (await started) return streams;
    let said = '';
    for await (const { bytes } of streams.output) said += Buffer.from(bytes).toString();
    throw startFailure(context, row, said.trim());
  } finally {
    leaveStart(context, row);
  }
}

/** Whatever has become of it, this process, which may go on for long, is not about to start the container any more. */
export function leaveStart({ database, doings }: Context, { id }: ContainerRow): void {
  recordStarted(database, id, formatIdentity(ownIdentity()));
  doings.done(id);
}

/**
 * Said by the command that the helper has called to explain it (see `noteStartFailure`): kept in the row, which somebody
 * may have removed by now, and on its standard error.
 */
function startFailure(context: Context, row: ContainerRow, said: string): EngineError {
  const failure = containerById(context.database, row.id)?.error;
  forgetFailedStart(context, row);
  const words = failure ?? unexplained(row, said.replace(/^skiff: |\n.*$/gs, ''));
  return new EngineError(words.kind ?? 'unavailable', words.message, {
    ...words,
    subject: words.subject ?? row.name,
  });
}

function unexplained({ name }: ContainerRow, said: string): StartFailure {
  if (said !== '') return { kind: 'invalid', message: said, exitCode: 125 };
  const hint = 'what it had is cleaned up: start it again';
  return { kind: 'unavailable', message: `the start of container ${name} was killed`, exitCode: 125, hint };
}

/** Returns what the container is doing once the teardown of its last run is complete. */
async function settle(context: Context, id: string, name: string): Promise<Observed> {
  const observed = await settleContainer(context, id);
  if (observed === undefined) throw noSuchContainer(context.database, name);
  if (observed.status.state === 'starting') throw isBeingStarted(name);
  return observed;
}

/** Claims the start as `claim`, after a clean-up where a killed monitor's container still holds what is needed. */
async function claimCleaned(
  context: Context,
  seen: ContainerRow,
  prepared: PreparedContainer,
): Promise<LeasedContainer | undefined> {
  const choosePorts = await loadPortChooser(prepared);
  try {
    const endpoints = claim(context, seen, prepared, choosePorts);
    return endpoints === undefined ? undefined : { ...prepared, endpoints };
  } catch (error) {
    if (!(error instanceof OrphanHolds)) throw error;
    await cleanUp(context, error.row);
    return undefined;
  }
}

/**
 * Makes this process the one that starts the container, and leases its addresses and ports. Returns its endpoints;
 * undefined when something has changed since it was looked at: then
 * it has to be prepared once more. The record of its last run is in its row; the file would be taken for the next one's.
 */
function claim(
  context: Context,
  seen: ContainerRow,
  prepared: PreparedContainer,
  choosePorts: PortChooser | undefined,
): Endpoint[] | undefined {
  const { database } = context;
  const { runDir, exit } = containerPaths(context.paths, seen.id);
  return database.transaction(() => {
    const current = containerById(database, seen.id);
    if (current === undefined || current.name !== seen.name) return undefined;
    if (JSON.stringify(current.options) !== JSON.stringify(seen.options)) return undefined;
    const { state } = statusOf(context, current);
    if (state === 'starting') throw isBeingStarted(seen.name);
    const isIdle = state === 'created' || state === 'exited';
    if (!isIdle || existsSync(runDir)) return undefined;
    requireUnwritten(context, current);
    rmSync(exit, { force: true });
    recordStart(database, seen.id, { starter: formatIdentity(ownIdentity()), boot: bootId() });
    return reassignEndpoints(context, prepared, choosePorts);
  });
}

/** Whether the command that created the container got to the end, as its config.json shows. */
function isWhole({ paths }: Context, { id }: PreparedContainer): boolean {
  return existsSync(containerPaths(paths, id).config);
}

async function joinRunning(
  context: Context,
  observed: Observed,
  { mode, client }: StartMode,
): Promise<Handover | undefined> {
  const [{ row, status }] = withPaused([observed]) as [Observed];
  if (status.state === 'running' && status.paused) {
    throw new EngineError('conflict', `container ${row.name} is paused`, {
      subject: row.name,
      failure: 'startOfPaused',
      remedy: `let it go on with skiff unpause ${row.name}`,
    });
  }
  if (mode === 'detach') return undefined;
  const { attachContainer } = await import('./attach.ts');
  const { handover } = await attachContainer(context, row, client ?? {});
  return handover;
}
