import type { Command } from 'commander';
import { forEachName } from '../../command/for-each-name.ts';
import type { Session } from '../../command/session.ts';

export function define(command: Command, session: () => Session): void {
  command
    .argument('<list...>', 'lists that were made here')
    .action((names: string[]) => remove(session(), names));
}

async function remove(session: Session, names: string[]): Promise<void> {
  const { manifests } = await session.engine();
  await forEachName(session, { names, command: 'rm' }, async (name) => {
    await manifests.remove(name);
    return undefined;
  });
}
