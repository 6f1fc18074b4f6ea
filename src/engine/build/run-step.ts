import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { readIfPresent, unlessMissing } from '../../host/missing.ts';
import { formatIdentity, ownIdentity } from '../../host/process.ts';
import type { Handover } from '../../host/replace-process.ts';
import { listenToProgram, type OutputStream } from '../../host/run-program.ts';
import { hostPlatform } from '../../image/platform.ts';
import type { Digest } from '../../oci/digest.ts';
import { requestWait } from '../../runtime/monitor/client.ts';
import { parseExitRecord } from '../../runtime/monitor/records.ts';
import { provideDefaultNetwork, wantedAttachments } from '../endpoints/attachment.ts';
import { createContainer } from '../lifecycle/create.ts';
import { startContainer } from '../lifecycle/hand-over.ts';
import type { CreateOptions } from '../options/create.ts';
import { type LeasedContainer, prepareContainer, type StepExtrasAt } from '../prepare/container.ts';
import { cleanUp } from '../state/observe.ts';
import { monitorLives } from '../state/status.ts';
import { containerPaths } from '../store/container-paths.ts';
import { type ContainerId, containerById, deleteContainer, type StartFailure } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import type { ImageRow } from '../store/images.ts';

/** What a step of a build is run with: all but its image, which is a stack of layers, and its mounts. */
export type StepOptions = Pick<
  CreateOptions,
  'process' | 'platform' | 'namespaces' | 'network' | 'security' | 'resources' | 'files' | 'mounts'
>;

/** A container that runs one command on a stack of layers. */
export interface StepContainer {
  /** chainIDs, bottom first. */
  layers: readonly Digest[];
  options: StepOptions;
  extras?: StepExtrasAt | undefined;
}

/** How a step ended, while its files are still there. */
export interface EndedStep {
  /** 0 to 255; 128 + n for signal n. */
  code: number;
  /** The kernel killed one of its processes for want of memory. */
  oom: boolean;
  /** Why its command could not be started. */
  failure: StartFailure | undefined;
  /** The directory of what it has changed: an overlay's upper directory. Whoever wants it renames it. */
  upper: string;
}

/** How a step is followed. */
export interface StepFollowing {
  onOutput: (bytes: Uint8Array, stream: OutputStream) => unknown;
  /** The build's directory for what goes with it, on the file system of the store. */
  tmp: () => string;
  /** When it aborts the step is killed. */
  signal?: AbortSignal | undefined;
}

/**
 * Runs a command in a container of its own, with the isolation of `run`, and calls `use` when it has ended; its row and its
 * files go afterwards. Nobody else sees it, and it does not outlive this process. Throws as `prepareContainer` and
 * `createContainer`, and `cancelled` once `signal` has aborted.
 */
export async function runStep<T>(
  context: Context,
  step: StepContainer,
  { onOutput, signal, tmp }: StepFollowing,
  use: (ended: EndedStep) => Promise<T>,
): Promise<T> {
  const leased = await makeStep(context, step);
  try {
    const { file, args } = await readyStep(context, leased);
    const input = leased.secretPlan;
    const secret = input === undefined ? [] : ['secret'];
    const words = [...args, tie(), ...secret, 'streams=out,err', 'signals=no'];
    const code = await listenToProgram({ file, args: words }, { onOutput, input, signal });
    if (signal?.aborted === true) throw new EngineError('cancelled', 'the build was cancelled');
    return await use(await endOf(context, leased, code));
  } finally {
    await discardStep(context, leased, tmp());
  }
}

/**
 * Runs a command on this process's terminal in a container like that of a step, whose changes are those of `upper`, a
 * directory that is used up. Returns why it could not be started; undefined: it was. It does not outlive this process. Throws
 * as `prepareContainer` and `createContainer`.
 */
export async function runStepOnTerminal(
  context: Context,
  step: StepContainer,
  { upper, signal, tmp }: Pick<StepFollowing, 'signal' | 'tmp'> & { upper: string },
): Promise<StartFailure | undefined> {
  const onTerminal = { ...step.options.process, terminal: true, stdin: true };
  const options = { ...step.options, process: onTerminal };
  const leased = await makeStep(context, { ...step, options });
  try {
    renameSync(upper, leased.runtime.rootfs.upper);
    const { file, args } = await readyStep(context, leased);
    const input = leased.secretPlan;
    const words = [...args, tie(), ...(input === undefined ? [] : ['secret=3']), 'keys=', 'signals=no'];
    const { runInForeground } = await import('../../host/run-in-foreground.ts');
    await runInForeground({ file, args: words }, { input, signal });
    return containerById(context.database, leased.id)?.error;
  } finally {
    await discardStep(context, leased, tmp());
  }
}

/** The helper's word for: it ends with this process. */
function tie(): string {
  return `tied=${process.pid}`;
}

async function makeStep(
  context: Context,
  { layers, options: asked, extras }: StepContainer,
): Promise<LeasedContainer> {
  const options: CreateOptions = {
    ...asked,
    image: '',
    step: formatIdentity(ownIdentity()),
    devices: {},
    stop: {},
    autoRemove: false,
    log: { driver: 'none', options: {} },
  };
  await provideDefaultNetwork(context, wantedAttachments(options));
  for (;;) {
    const prepared = await prepareContainer(context, options, imageOf(layers), { extras });
    const created = await createContainer(context, prepared, { starting: true });
    if (created !== undefined) return created;
  }
}

/** Makes what a step needs to be started. What is returned starts it. */
async function readyStep(context: Context, leased: LeasedContainer): Promise<Handover> {
  try {
    const { memory } = leased.runtime;
    if (memory !== undefined) mkdirSync(memory.directory, { recursive: true, mode: 0o700 });
    return await startContainer(context, leased, { mode: 'attach' });
  } catch (error) {
    rmSync(leased.runtime.identity.runDir, { recursive: true, force: true });
    throw error;
  }
}

/** What a container is made of here has no name, and its options say all of its configuration. */
function imageOf(layers: readonly Digest[]): ImageRow {
  const config = JSON.stringify({ ...hostPlatform(), rootfs: { type: 'layers', diff_ids: [] } });
  return { id: '' as Digest, config, layers: [...layers], size: 0, createdAt: 0 };
}

async function endOf(
  context: Context,
  { id, runtime }: LeasedContainer,
  code: number | undefined,
): Promise<EndedStep> {
  const { upper } = runtime.rootfs;
  if (code === 0) return { code, oom: false, failure: undefined, upper };
  const record = readIfPresent(runtime.identity.exitRecord);
  const { oom = false, code: recorded } = record === undefined ? {} : parseExitRecord(record);
  const failure = containerById(context.database, id)?.error;
  return { code: recorded ?? failure?.exitCode ?? code ?? 137, oom, failure, upper };
}

/** Waits until nothing is left of the run. The helper has ended, and with it the step, if not this very moment. */
async function untilGone(context: Context, id: ContainerId): Promise<void> {
  const { runDir, control } = containerPaths(context.paths, id);
  while (existsSync(runDir)) {
    if (monitorLives(context, id)) await requestWait(control);
    else await cleanUp(context, { id, name: id });
  }
}

/**
 * Drops the row, and moves the directory to what goes when the build ends: to take it apart now would hold up the step that
 * comes.
 */
async function discardStep(context: Context, { id }: LeasedContainer, tmp: string): Promise<void> {
  const { directory } = containerPaths(context.paths, id);
  await untilGone(context, id);
  context.database.transaction(() => {
    deleteContainer(context.database, id);
    unlessMissing(() => renameSync(directory, join(tmp, id)));
  });
}
