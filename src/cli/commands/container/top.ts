import type { Command } from 'commander';
import type { Session } from '../../command/session.ts';
import { addLatest, type SelectionFlags, selected } from '../../options/selection.ts';
import { print } from '../../output/print.ts';
import { renderTable } from '../../template/table.ts';

export function define(command: Command, session: () => Session): void {
  command
    .usage('[options] <container> [options of ps...]')
    .argument('[container]', 'a name or id')
    .argument('[options...]', "options of the host's ps; without any the columns of ps -ef")
    .passThroughOptions()
    .addHelpText('after', EXAMPLES)
    .action((name: string | undefined, options: string[], flags: SelectionFlags) =>
      top(session(), name === undefined ? [] : [name, ...options], flags),
    );
  addLatest(command);
}

const EXAMPLES = `
Examples:
  skiff top web                     needs no ps, neither here nor in the container
  skiff top web -o pid,rss,comm     any options of ps that keep the pid
  skiff top -l -- -o pid,rss,comm   of the container that was created last`;

/** Docker's tables of processes have wide columns. */
const COLUMN_WIDTH = 20;

/** `words` are the container, unless an option says which, and options of ps. */
async function top(session: Session, words: readonly string[], flags: SelectionFlags): Promise<void> {
  const named = flags.latest === true ? 0 : 1;
  const [name = ''] = await selected(session, words.slice(0, named), flags);
  const { containers } = await session.engine();
  const { titles, processes } = await containers.top(name, words.slice(named));
  print(renderTable(titles, processes, { minimumWidth: COLUMN_WIDTH }));
}
