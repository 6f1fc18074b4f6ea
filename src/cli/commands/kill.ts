import type { Command } from 'commander';
import { parseSignal } from '../../runtime/signals.ts';
import { forEachName } from '../each.ts';
import type { Session } from '../session.ts';

export function define(command: Command, session: () => Session): void {
  command
    .argument('<container...>', 'names or ids')
    .option('-s, --signal <signal>', 'which one: TERM, SIGTERM or 15', 'KILL')
    .action((names: string[], flags: { signal: string }) => kill(session(), names, flags.signal));
}

async function kill(session: Session, names: string[], signalName: string): Promise<void> {
  const signal = parseSignal(signalName);
  const { containers } = await session.engine();
  await forEachName(session, { names, command: 'kill' }, async (name) => {
    await containers.kill(name, signal);
    return name;
  });
}
