import type { Command } from 'commander';
import type { Session } from '../command/session.ts';

/** The helper calls this when a `--rm` container is gone that had anonymous volumes. */
export function define(command: Command, session: () => Session): void {
  command.action(async () => {
    const { containers } = await session().engine();
    await containers.sweepDeparted();
  });
}
