import type { Command } from 'commander';
import { forEachName } from '../../command/for-each-name.ts';
import type { Session } from '../../command/session.ts';
import { addSelection, isActive, type SelectionFlags, selected } from '../../options/selection.ts';
import { addStopOptions, type StopFlags, stopRequest } from '../../options/stop.ts';
import { printError } from '../../output/print.ts';
import { stopRemark } from '../../output/stop-remark.ts';

interface Flags extends SelectionFlags, StopFlags {}

const EXAMPLES = `
Examples:
  skiff stop web db           its stop signal, and SIGKILL after ten seconds
  skiff stop -t 60 db         a minute of patience
  skiff stop --all`;

export function define(command: Command, session: () => Session): void {
  addSelection(command, { all: 'all that run' });
  addStopOptions(command);
  command
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: Flags) => stop(session(), names, flags));
}

async function stop(session: Session, given: string[], flags: Flags): Promise<void> {
  const names = await selected(session, given, flags, isActive);
  const request = stopRequest(flags);
  const { containers } = await session.engine();
  await forEachName(session, { names, command: 'stop', together: true }, async (name) => {
    const result = await containers.stop(name, request);
    // Who gives it no time knows why it was killed.
    const remark = request.timeoutMs === 0 ? undefined : stopRemark(name, result);
    if (remark !== undefined) printError(remark);
    return name;
  });
}
