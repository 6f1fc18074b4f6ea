import type { Command } from 'commander';
import type { Session } from '../../command/session.ts';
import { addLatest, type SelectionFlags, selected } from '../../options/selection.ts';
import { print } from '../../output/print.ts';
import { standardOutput } from '../../output/standard-output.ts';
import { visible } from '../../text/visible.ts';

const NEWLINE = Buffer.from('\n');

const EXAMPLES = `
Examples:
  skiff diff web        A added, C changed, D deleted; what is mounted does not count`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('[container]', 'a name or id')
    .addHelpText('after', EXAMPLES)
    .action((name: string | undefined, flags: SelectionFlags) =>
      diff(session(), name === undefined ? [] : [name], flags),
    );
  addLatest(command);
}

async function diff(session: Session, names: readonly string[], flags: SelectionFlags): Promise<void> {
  const [name = ''] = await selected(session, names, flags);
  const { containers } = await session.engine();
  const terminal = standardOutput.isTTY === true;
  for await (const changes of await containers.changes(name)) {
    // Names are bytes, and words of the container: programs get them as they are, a terminal obeys none of them.
    const lines = changes.map(({ kind, path }) => {
      const bytes = Buffer.from(path, 'latin1');
      return Buffer.concat([
        Buffer.from(`${kind} `),
        terminal ? Buffer.from(visible(bytes.toString())) : bytes,
        NEWLINE,
      ]);
    });
    print(Buffer.concat(lines));
  }
}
