import { requestSignal, requestStop } from '../../runtime/monitor/client.ts';
import { parseSignal, SIGKILL } from '../../runtime/monitor/signals.ts';
import type { StopSettings } from '../../runtime/options.ts';
import type { StopOptions } from '../options/create.ts';
import { stopSettings } from '../options/stop.ts';
import { observe, observed } from '../state/observe.ts';
import { isNotRunning, isUp } from '../state/status.ts';
import { containerPaths } from '../store/container-paths.ts';
import { type ContainerRow, recordWanted } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { imageConfigOf } from '../store/images.ts';
import { thawForSignal } from './pause.ts';

/**
 * Sends a signal to a container's first process. One that is paused gets it when it goes on, which SIGKILL and its stop
 * signal make it do, as in Docker. Throws `conflict` when it is not running.
 */
export async function killContainer(context: Context, row: ContainerRow, signal: number): Promise<void> {
  const { status } = await observed(context, row);
  if (!isUp(status)) throw isNotRunning(row);
  const isEnd = signal === SIGKILL || signal === settingsOf(context, row).signal;
  if (isEnd) recordWanted(context.database, row.id, 'stopped');
  // Nobody is there to get a signal; its monitor is, to leave it so.
  if (status.state === 'restarting' && isEnd) return void (await endContainer(context, row, {}));
  const delivered = await requestSignal(containerPaths(context.paths, row.id).control, signal);
  if (!delivered) throw isNotRunning(row);
  if (isEnd) thawForSignal(row);
}

function settingsOf(context: Context, row: ContainerRow): StopSettings {
  return stopSettings(imageConfigOf(context.database, row.imageId), row.options.stop);
}

/** How a container ended that was asked to. */
export interface StopResult {
  /** The signal that asked it. */
  signal: number;
  /** SIGKILL had to come, as it had not ended in time. */
  escalated: boolean;
  /** The kernel dropped that signal, as process 1 had no handler for it: `--init` is the cure. */
  ignored: boolean;
}

/**
 * Stops a container for good, as somebody has asked for: also a reboot does not start it again, unless its restart
 * policy is `always`. What it resolves to: see `endContainer`.
 */
export async function stopContainer(
  context: Context,
  row: ContainerRow,
  request: StopOptions,
): Promise<StopResult | undefined> {
  return await endContainer(context, row, request, {
    whenRunning: () => recordWanted(context.database, row.id, 'stopped'),
  });
}

/**
 * Asks a container to end and waits until it has, its files and its cgroup included: the stop signal, then SIGKILL
 * when the timeout has passed (negative: never). What `request` does not say is the container's own. One that does not
 * run is fine: the answer is undefined, and `whenRunning` was not called. One that is paused goes on as soon as the signal
 * waits for it. Throws `invalid` for no signal.
 */
export async function endContainer(
  context: Context,
  row: ContainerRow,
  request: StopOptions,
  { whenRunning }: { whenRunning?: () => void | Promise<void> } = {},
): Promise<StopResult | undefined> {
  const settings = settingsOf(context, row);
  const signal = request.signal === undefined ? settings.signal : parseSignal(request.signal);
  const now = await observe(context, row);
  if (now === undefined || !isUp(now.status)) return undefined;
  await whenRunning?.();
  const answer = await requestStop(containerPaths(context.paths, row.id).control, {
    signal,
    timeoutMs: request.timeoutMs ?? settings.timeoutMs,
    whenAsked: () => thawForSignal(row),
  });
  return { signal, escalated: answer?.escalated === true, ignored: answer?.ignored === true };
}
