import type { Command } from 'commander';
import type { Session } from '../../command/session.ts';

const EXAMPLES = `
Examples:
  skiff rename jolly_noether web     also while it runs`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<container>', 'a name or an id')
    .argument('<name>', 'its new name')
    .addHelpText('after', EXAMPLES)
    .action((container: string, name: string) => rename(session(), container, name));
}

async function rename(session: Session, container: string, name: string): Promise<void> {
  const { containers } = await session.engine();
  await containers.rename(container, name);
}
