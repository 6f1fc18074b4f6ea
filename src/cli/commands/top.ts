import type { Command } from 'commander';
import { print } from '../output/print.ts';
import { renderTable } from '../output/table.ts';
import type { Session } from '../session.ts';

export function define(command: Command, session: () => Session): void {
  command
    .argument('<container>', 'a name or id')
    .argument('[options...]', "options of the host's ps; without any the columns of ps -ef")
    .passThroughOptions()
    .addHelpText('after', EXAMPLES)
    .action((name: string, options: string[]) => top(session(), name, options));
}

const EXAMPLES = `
Examples:
  skiff top web                     needs no ps, neither here nor in the container
  skiff top web -o pid,rss,comm     any options of ps that keep the pid`;

/** Docker's tables of processes have wide columns. */
const COLUMN_WIDTH = 20;

async function top(session: Session, name: string, options: string[]): Promise<void> {
  const { containers } = await session.engine();
  const { titles, processes } = await containers.top(name, options);
  print(renderTable(titles, processes, { minimumWidth: COLUMN_WIDTH }));
}
