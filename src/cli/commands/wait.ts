import type { Command } from 'commander';
import { forEachName } from '../each.ts';
import type { Session } from '../session.ts';

export function define(command: Command, session: () => Session): void {
  command.argument('<container...>', 'names or ids').action((names: string[]) => wait(session(), names));
}

async function wait(session: Session, names: string[]): Promise<void> {
  const { containers } = await session.engine();
  await forEachName(session, { names, command: 'wait' }, async (name) => String(await containers.wait(name)));
}
