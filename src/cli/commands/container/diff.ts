import type { Command } from 'commander';
import { parseSnapshotTarget } from '../../../engine/options/snapshot.ts';
import type { Session } from '../../command/session.ts';
import { addLatest, type SelectionFlags, selected } from '../../options/selection.ts';
import { print } from '../../output/print.ts';
import { standardOutput } from '../../output/standard-output.ts';
import { visible } from '../../text/visible.ts';

const NEWLINE = Buffer.from('\n');

const EXAMPLES = `
Examples:
  skiff diff web                   since the image: A added, C changed, D deleted; what is mounted does not count
  skiff diff web@before-upgrade    since a snapshot`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('[container[@name]]', 'a name or id; with a snapshot: what has changed since that')
    .addHelpText('after', EXAMPLES)
    .action((name: string | undefined, flags: SelectionFlags) =>
      diff(session(), name === undefined ? [] : [name], flags),
    );
  addLatest(command);
}

async function diff(session: Session, names: readonly string[], flags: SelectionFlags): Promise<void> {
  const [text = ''] = await selected(session, names, flags);
  const { container, snapshot } = parseSnapshotTarget(text);
  const { containers } = await session.engine();
  const terminal = standardOutput.isTTY === true;
  const found =
    snapshot === undefined
      ? await containers.changes(container)
      : await containers.changesSince(container, snapshot);
  for await (const changes of found) {
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
