import type { Command } from 'commander';
import { parseSnapshotTarget } from '../../../engine/options/snapshot.ts';
import { interruptible } from '../../command/interruptible.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';

const EXAMPLES = `
The container must not run. What it has now is kept as a snapshot, whose name is printed, so that an undo can be undone:
the last three of these stay. Volumes and other mounts are as they were.

Examples:
  skiff undo web@before-upgrade
  skiff undo web                   back to the newest snapshot: right after an undo it takes that back`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<container[@name]>', 'a name or id, and a snapshot; its newest when absent')
    .addHelpText('after', EXAMPLES)
    .action((text: string) => undo(session(), text));
}

async function undo(session: Session, text: string): Promise<void> {
  const { container, snapshot } = parseSnapshotTarget(text);
  const { containers } = await session.engine();
  const { before } = await interruptible((signal) => containers.undo(container, snapshot, { signal }));
  print(`${container}@${before}\n`);
}
