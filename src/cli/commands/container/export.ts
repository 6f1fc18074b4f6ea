import type { Command } from 'commander';
import { EngineError } from '../../../errors.ts';
import { isTerminal } from '../../../host/is-terminal.ts';
import type { Session } from '../../command/session.ts';
import { writeFileWhole } from '../../output/whole-file.ts';

const STDOUT = 1;

const EXAMPLES = `
Examples:
  skiff export web > web.tar
  skiff export -o web.tar web              the file is there once it is whole
  skiff export web | skiff import - web:flat`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<container>', 'a name or id')
    .option('-o, --output <file>', 'a file, instead of standard output')
    .addHelpText('after', EXAMPLES)
    .action((name: string, { output }: { output?: string }) => exportTo(session(), name, output));
}

async function exportTo(session: Session, name: string, output: string | undefined): Promise<void> {
  const { containers } = await session.engine();
  if (output !== undefined && output !== '') {
    await writeFileWhole(output, (descriptor) => containers.exportTo(name, { to: descriptor }));
    return;
  }
  if (isTerminal(STDOUT)) {
    throw new EngineError('invalid', 'cowardly refusing to save to a terminal', {
      hint: 'use -o FILE, or redirect standard output',
    });
  }
  await containers.exportTo(name, { to: STDOUT });
}
