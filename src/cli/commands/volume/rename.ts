import type { Command } from 'commander';
import type { Session } from '../../command/session.ts';

const EXAMPLES = `
Examples:
  skiff volume rename data archive     the containers that use it keep it; none of them may be up`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<volume>', 'its name')
    .argument('<name>', 'its new name')
    .addHelpText('after', EXAMPLES)
    .action((volume: string, name: string) => rename(session(), volume, name));
}

async function rename(session: Session, volume: string, name: string): Promise<void> {
  const { volumes } = await session.engine();
  await volumes.rename(volume, name);
}
