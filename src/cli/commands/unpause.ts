import type { Command } from 'commander';
import { forEachName } from '../each.ts';
import type { Session } from '../session.ts';

const EXAMPLES = `
Examples:
  skiff unpause web`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<container...>', 'names or ids')
    .addHelpText('after', EXAMPLES)
    .action((names: string[]) => unpause(session(), names));
}

async function unpause(session: Session, names: string[]): Promise<void> {
  const { containers } = await session.engine();
  await forEachName(session, { names, command: 'unpause' }, async (name) => {
    await containers.unpause(name);
    return name;
  });
}
