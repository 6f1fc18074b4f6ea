import { closeSync, openSync } from 'node:fs';
import type { Command } from 'commander';
import { EngineError } from '../../../errors.ts';
import { isTerminal } from '../../../host/is-terminal.ts';
import { userPath } from '../../../host/working-directory.ts';
import type { Session } from '../../command/session.ts';

interface Flags {
  output?: string;
}

const EXAMPLES = `
Examples:
  skiff volume export -o data.tar data
  skiff volume export data | ssh host skiff volume import data -`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<volume>', 'its name')
    .option('-o, --output <file>', 'a file instead of standard output')
    .addHelpText('after', EXAMPLES)
    .action((volume: string, { output }: Flags) => exportTo(session(), volume, output));
}

const STANDARD_OUTPUT = 1;

async function exportTo(session: Session, volume: string, output: string | undefined): Promise<void> {
  if (output === undefined && isTerminal(STANDARD_OUTPUT)) {
    throw new EngineError('invalid', 'an archive is not written to a terminal', {
      hint: 'use -o FILE, or redirect it',
    });
  }
  const { volumes } = await session.engine();
  // Before a file is made for it: there may be no such volume.
  await volumes.get(volume);
  const file = output === undefined ? STANDARD_OUTPUT : openFile(output);
  try {
    await volumes.exportTo(volume, file);
  } finally {
    if (output !== undefined) closeSync(file);
  }
}

function openFile(path: string): number {
  try {
    return openSync(userPath(path), 'w', 0o600);
  } catch (cause) {
    throw new EngineError('invalid', `cannot write ${path}: ${(cause as Error).message}`, {
      subject: path,
      cause,
    });
  }
}
