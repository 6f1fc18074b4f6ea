import type { Command } from 'commander';
import { forEachName } from '../each.ts';
import type { Session } from '../session.ts';

export function define(command: Command, session: () => Session): void {
  command
    .argument('<container...>', 'names or ids')
    .option('-f, --force', 'kill it first when it runs')
    .action((names: string[], flags: { force?: boolean }) => remove(session(), names, flags.force === true));
}

async function remove(session: Session, names: string[], force: boolean): Promise<void> {
  const { containers } = await session.engine();
  await forEachName(session, { names, command: 'rm' }, async (name) => {
    await containers.remove(name, { force });
    return name;
  });
}
