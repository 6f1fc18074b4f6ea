import { createReadStream, statSync } from 'node:fs';
import type { Command } from 'commander';
import type { LoadedImage, LoadSource } from '../../../engine/images/load.ts';
import { SILENT } from '../../../engine/images/pull-progress.ts';
import { EngineError } from '../../../errors.ts';
import { isTerminal } from '../../../host/is-terminal.ts';
import { parsePlatform } from '../../../image/platform.ts';
import type { Platform } from '../../../oci/platform.ts';
import { interruptible } from '../../command/interruptible.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';
import { createPullProgress } from '../../output/progress.ts';
import { standardOutput } from '../../output/standard-output.ts';
import { shortId } from '../../text/ids.ts';

interface Flags {
  input?: string;
  platform?: Platform;
  quiet?: boolean;
}

const STDIN = 0;
const PIECE = 256 * 1024;

const EXAMPLES = `
Examples:
  skiff load < images.tar
  skiff load -i images.tar.zst
  skiff load -i layout                            a directory: an OCI layout`;

export function define(command: Command, session: () => Session): void {
  command
    .option(
      '-i, --input <file>',
      'an archive (tar, plain or in gzip, zstd, xz or bzip2) or a directory, instead of standard input',
    )
    .option(
      '--platform <os/arch[/variant]>',
      'which image alone to take where an index offers several',
      parsePlatform,
    )
    .option('-q, --quiet', 'show no progress')
    .addHelpText('after', EXAMPLES)
    .action((flags: Flags) => load(session(), flags));
}

async function load(session: Session, { input, platform, quiet }: Flags): Promise<void> {
  const source = sourceOf(input);
  const { images } = await session.engine();
  const display = quiet === true ? undefined : createPullProgress(standardOutput);
  const progress = display && {
    message: (text: string) => display.message(text),
    layer: (digest: string) => display.layer(shortId(digest)),
  };
  const loaded: LoadedImage[] = [];
  try {
    await interruptible((signal) =>
      images.load(source, {
        platform,
        progress: progress ?? SILENT,
        signal,
        loaded: (image) => void loaded.push(image),
      }),
    );
  } finally {
    display?.close();
    print(loaded.map(lineOf).join(''));
  }
}

function lineOf({ id, names }: LoadedImage): string {
  if (names.length === 0) return `Loaded image ID: ${id}\n`;
  return names.map((name) => `Loaded image: ${name}\n`).join('');
}

function sourceOf(input: string | undefined): LoadSource {
  if (input === undefined || input === '' || input === '-') {
    if (isTerminal(STDIN)) {
      throw new EngineError('invalid', 'nothing to load: standard input is a terminal', {
        hint: 'name an archive with -i FILE, or redirect standard input',
      });
    }
    return createReadStream('', { fd: STDIN, autoClose: false, highWaterMark: PIECE });
  }
  const found = statSync(input, { throwIfNoEntry: false });
  if (found === undefined)
    throw new EngineError('invalid', `cannot read ${input}: no such file`, { subject: input });
  return found.isDirectory() ? { directory: input } : createReadStream(input, { highWaterMark: PIECE });
}
