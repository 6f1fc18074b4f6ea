import { type Command, Option } from 'commander';
import type { SaveFormat, SaveTarget } from '../../../engine/images/save.ts';
import { EngineError } from '../../../errors.ts';
import { isTerminal } from '../../../host/is-terminal.ts';
import { parsePlatform } from '../../../image/platform.ts';
import type { Platform } from '../../../oci/platform.ts';
import type { Session } from '../../command/session.ts';
import { printPieces } from '../../output/print.ts';
import { writeFileWhole, writePieces } from '../../output/whole-file.ts';

interface Flags {
  format: 'docker-archive' | 'oci-archive' | 'oci-dir';
  output?: string;
  platform?: Platform;
}

const STDOUT = 1;

const EXAMPLES = `
Examples:
  skiff save busybox:1.36 debian:bookworm > images.tar
  skiff save -o team.tar team/app                 all tags of team/app
  skiff save --format oci-dir -o layout team/app:2`;

export function define(command: Command, session: () => Session): void {
  const formats = ['docker-archive', 'oci-archive', 'oci-dir'];
  command
    .argument('<image...>', 'references or ids; a name without a tag stands for all of its tags')
    .option('-o, --output <file>', 'a file or a directory, instead of standard output')
    .addOption(
      new Option('--format <format>', 'for every engine (docker-archive), or an OCI layout')
        .choices(formats)
        .default('docker-archive'),
    )
    .option(
      '--platform <os/arch[/variant]>',
      'what the images have to be for; of an index only that one',
      parsePlatform,
    )
    .addHelpText('after', EXAMPLES)
    .action((images: string[], flags: Flags) => save(session(), images, flags));
}

async function save(session: Session, texts: string[], { format, output, platform }: Flags): Promise<void> {
  const { images } = await session.engine();
  const layout: SaveFormat = format === 'docker-archive' ? 'docker' : 'oci';
  const saveTo = (to: SaveTarget) => images.save(texts, { format: layout, to, platform });
  if (format === 'oci-dir') return await saveTo({ directory: directoryOf(output) });
  if (output !== undefined && output !== '') {
    return await writeFileWhole(output, (descriptor) =>
      saveTo({ write: (archive) => writePieces({ file: output, descriptor }, archive) }),
    );
  }
  if (isTerminal(STDOUT)) {
    throw new EngineError('invalid', 'cowardly refusing to save to a terminal', {
      hint: 'use -o FILE, or redirect standard output',
    });
  }
  await saveTo({ write: printPieces });
}

function directoryOf(output: string | undefined): string {
  if (output !== undefined && output !== '') return output;
  throw new EngineError('invalid', 'a directory cannot be written to standard output', {
    hint: 'name it with -o DIRECTORY',
  });
}
