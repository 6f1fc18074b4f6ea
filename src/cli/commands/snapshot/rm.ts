import type { Command } from 'commander';
import { parseSnapshotTarget } from '../../../engine/options/snapshot.ts';
import { EngineError } from '../../../errors.ts';
import { forEachName } from '../../command/for-each-name.ts';
import type { Session } from '../../command/session.ts';

const EXAMPLES = `
Examples:
  skiff snapshot rm web@before-upgrade
  skiff snapshot rm $(skiff snapshot ls -q web)        all of them`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<container@name...>', 'snapshots')
    .addHelpText('after', EXAMPLES)
    .action((names: string[]) => remove(session(), names));
}

async function remove(session: Session, names: string[]): Promise<void> {
  const { containers } = await session.engine();
  await forEachName(session, { names, command: 'rm' }, async (text) => {
    const { container, snapshot } = parseSnapshotTarget(text);
    if (snapshot === undefined) throw whichSnapshot(container);
    await containers.removeSnapshot(container, snapshot);
    return text;
  });
}

function whichSnapshot(container: string): EngineError {
  return new EngineError('invalid', `"${container}" does not say which snapshot`, {
    subject: container,
    hint: `write ${container}@NAME: skiff snapshot ls ${container} lists them`,
  });
}
