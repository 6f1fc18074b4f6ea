import type { Command } from 'commander';
import type { CreateOptions } from '../../engine/create-options.ts';
import type { FoundImage } from '../../engine/image-store.ts';
import { replaceProcess } from '../../host/replace-process.ts';
import { addCreateOptions, type CreateFlags, createOptions } from '../options/create.ts';
import { printError } from '../output/print.ts';
import type { Session } from '../session.ts';

interface RunFlags extends CreateFlags {
  detach?: boolean;
}

export function define(command: Command, session: () => Session): void {
  command
    .argument('<image>', 'a reference, an image id, or hello for the image inside skiff')
    .argument('[command...]', "what to run instead of the image's own command")
    .option('-d, --detach', 'run in the background and print the id')
    .helpOption('--help', 'show this help')
    .addHelpText('after', EXAMPLES)
    .action((image: string, words: string[], flags: RunFlags) => run(session(), image, words, flags));
  addCreateOptions(command);
}

const EXAMPLES = `
Examples:
  skiff run --rm hello                                 the image inside skiff: needs no network
  skiff run --rm busybox echo hi                       pull when missing, run, remove
  skiff run -d --name web -m 256m --cpus 0.5 nginx     in the background, with limits
  echo hi | skiff run -i --rm busybox cat              relay standard input`;

async function run(session: Session, image: string, words: string[], flags: RunFlags): Promise<never> {
  const options = createOptions(image, words, flags);
  const engine = await session.engine();
  const found = (await engine.images.lookUp(image, options.platform)) ?? (await pull(session, options));
  const mode = flags.detach === true ? 'detach' : 'attach';
  const handover = await engine.containers.run(options, { image: found, mode });
  replaceProcess(handover);
}

/** As Docker does: says so on standard error, which is not the container's to use yet. */
async function pull(session: Session, { image, platform }: CreateOptions): Promise<FoundImage> {
  const { pullWithProgress } = await import('../pull-with-progress.ts');
  printError(`Unable to find image '${image}' locally\n`);
  return await pullWithProgress(session, image, { platform, quiet: false, output: process.stderr });
}
