import type { Command } from 'commander';
import { forEachName } from '../each.ts';
import { integer } from '../parse/words.ts';
import type { Session } from '../session.ts';

export function define(command: Command, session: () => Session): void {
  command
    .argument('<container...>', 'names or ids')
    .option('-t, --time <seconds>', 'how long to wait before killing; negative: forever', integer)
    .action((names: string[], flags: { time?: number }) => stop(session(), names, flags.time));
}

async function stop(session: Session, names: string[], seconds: number | undefined): Promise<void> {
  const { containers } = await session.engine();
  await forEachName(session, { names, command: 'stop' }, async (name) => {
    await containers.stop(name, seconds === undefined ? undefined : seconds * 1000);
    return name;
  });
}
