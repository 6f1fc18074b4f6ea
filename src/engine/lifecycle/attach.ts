import { EngineError, type ErrorDetails } from '../../errors.ts';
import type { Handover } from '../../host/replace-process.ts';
import { requestResize } from '../../runtime/monitor/client.ts';
import { appendContainerEvent } from '../events/journal.ts';
import { type ClientOptions, clientWords, type TerminalSize } from '../options/client.ts';
import { type Observed, observed } from '../state/observe.ts';
import { isNotRunning } from '../state/status.ts';
import { containerPaths } from '../store/container-paths.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { withPaused } from './pause.ts';

/** The program that joins a container's streams, and whether those are a terminal that somebody may type into. */
export interface Joining {
  handover: Handover;
  terminal: boolean;
}

/**
 * Prepares to join the streams of a container that runs. The caller becomes the returned program, which exits with the
 * container's code. Throws `conflict` when it does not run or is paused.
 */
export async function attachContainer(
  context: Context,
  row: ContainerRow,
  client: ClientOptions,
): Promise<Joining> {
  const [{ status }] = withPaused([await observed(context, row)]) as [Observed];
  if (status.state === 'restarting')
    throw refusal(row, 'a restarting container, wait until it is running', { failure: 'restarting' });
  if (status.state !== 'running')
    throw refusal(row, 'a stopped container, start it first', {
      failure: 'notRunning',
      remedy: `skiff start -a ${row.name}`,
    });
  if (status.paused)
    throw refusal(row, 'a paused container, unpause it first', {
      failure: 'attachToPaused',
      remedy: `skiff unpause ${row.name}`,
    });
  const { stdin, terminal } = row.options.process;
  const args = [
    'skiff-helper',
    'attach',
    containerPaths(context.paths, row.id).runDir,
    ...clientWords(client),
  ];
  appendContainerEvent(context, row, 'attach');
  return { handover: { file: context.helper, args }, terminal: terminal === true && stdin === true };
}

/** Throws `conflict` for a container that does not run, or has no terminal. */
export async function resizeTerminal(context: Context, row: ContainerRow, size: TerminalSize): Promise<void> {
  if (row.options.process.terminal !== true)
    throw new EngineError('conflict', `container ${row.name} has no terminal to resize`, {
      subject: row.name,
    });
  if (!(await requestResize(containerPaths(context.paths, row.id).control, size))) throw isNotRunning(row);
}

function refusal({ id, name }: ContainerRow, what: string, details: ErrorDetails): EngineError {
  return new EngineError('conflict', `cannot attach to ${what}`, { ...details, subject: name, object: id });
}
