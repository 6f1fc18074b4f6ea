import { createReadStream, openSync } from 'node:fs';
import type { Command } from 'commander';
import { EngineError } from '../../../errors.ts';
import { userPath } from '../../../host/working-directory.ts';
import type { Session } from '../../command/session.ts';
import { tell } from '../../output/tell.ts';

const EXAMPLES = `
Examples:
  skiff volume import data data.tar           also when it is compressed
  skiff volume import data - < data.tar.gz    what is in the volume besides stays`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<volume>', 'its name: it has to be there')
    .argument('[file]', 'a tar archive; - or none: standard input')
    .addHelpText('after', EXAMPLES)
    .action((volume: string, file = '-') => importFrom(session(), volume, file));
}

const STANDARD_INPUT = 0;

async function importFrom(session: Session, volume: string, file: string): Promise<void> {
  const { volumes } = await session.engine();
  await volumes.get(volume);
  const fd = file === '-' ? STANDARD_INPUT : openFile(file);
  const source = createReadStream('', { fd, autoClose: file !== '-' });
  const { leftOut } = await volumes.importFrom(volume, source);
  if (leftOut !== undefined) tell(`note: the volume ${volume} cannot hold the extended attribute ${leftOut}`);
}

function openFile(path: string): number {
  try {
    return openSync(userPath(path), 'r');
  } catch (cause) {
    throw new EngineError('notFound', `cannot read ${path}: ${(cause as Error).message}`, {
      subject: path,
      cause,
    });
  }
}
