import type { Command } from 'commander';
import { forEachName } from '../../command/for-each-name.ts';
import type { Session } from '../../command/session.ts';

const EXAMPLES = `
Examples:
  skiff rmi busybox:1.36
  skiff rmi -f 3f57d9401f8d        all names of one image`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<image...>', 'references or ids')
    .option('-f, --force', 'also when stopped containers use it, and by id when it has several names')
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: { force?: boolean }) => remove(session(), names, flags.force === true));
}

async function remove(session: Session, names: string[], force: boolean): Promise<void> {
  const { images } = await session.engine();
  await forEachName(session, { names, command: 'rmi', mayBeAbsent: force }, async (name) => {
    const { untagged, deleted } = await images.remove(name, { force });
    return [
      ...untagged.map((reference) => `Untagged: ${reference}`),
      ...deleted.map((id) => `Deleted: ${id}`),
    ].join('\n');
  });
}
