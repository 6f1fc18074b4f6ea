import type { Command } from 'commander';
import { print, printError } from '../output/print.ts';
import type { Session } from '../session.ts';

export function define(command: Command, session: () => Session): void {
  command
    .argument('<container>', 'a name or an id')
    .option('-f, --follow', 'go on until the container ends')
    .action((name: string, flags: { follow?: boolean }) => logs(session(), name, flags.follow === true));
}

async function logs(session: Session, name: string, follow: boolean): Promise<void> {
  const { containers } = await session.engine();
  for await (const entry of await containers.logs(name, { follow })) {
    if (entry.stream === 'stderr') printError(entry.text);
    else print(entry.text);
  }
}
