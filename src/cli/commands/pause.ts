import type { Command } from 'commander';
import { forEachName } from '../each.ts';
import type { Session } from '../session.ts';

const EXAMPLES = `
Examples:
  skiff pause web            nothing in it runs until skiff unpause web`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<container...>', 'names or ids')
    .addHelpText('after', EXAMPLES)
    .action((names: string[]) => pause(session(), names));
}

async function pause(session: Session, names: string[]): Promise<void> {
  const { containers } = await session.engine();
  await forEachName(session, { names, command: 'pause' }, async (name) => {
    await containers.pause(name);
    return name;
  });
}
