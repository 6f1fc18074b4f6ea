import type { Command } from 'commander';
import { forEachName } from '../each.ts';
import type { Session } from '../session.ts';

export function define(command: Command, session: () => Session): void {
  command
    .argument('<image...>', 'references or ids')
    .option('-f, --force', 'also when stopped containers use it, and by id when it has several names')
    .action((names: string[], flags: { force?: boolean }) => remove(session(), names, flags.force === true));
}

async function remove(session: Session, names: string[], force: boolean): Promise<void> {
  const { images } = await session.engine();
  await forEachName(session, { names, command: 'rmi' }, async (name) => {
    const { untagged, deleted } = await images.remove(name, { force });
    return [
      ...untagged.map((reference) => `Untagged: ${reference}`),
      ...deleted.map((id) => `Deleted: ${id}`),
    ].join('\n');
  });
}
