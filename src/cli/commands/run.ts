import type { Command } from 'commander';
import type { CreateOptions } from '../../engine/create-options.ts';
import type { FoundImage } from '../../engine/image-store.ts';
import { replaceProcess } from '../../host/replace-process.ts';
import { parsePlatform } from '../../image/platform.ts';
import type { Platform } from '../../oci/platform.ts';
import { printError } from '../output/print.ts';
import { parseCpus } from '../parse/cpus.ts';
import { environmentEntry } from '../parse/environment.ts';
import { parseSize } from '../parse/size.ts';
import { integer, oneOf } from '../parse/words.ts';
import type { Session } from '../session.ts';

interface RunFlags {
  cpus?: number;
  detach?: boolean;
  entrypoint?: string;
  env?: string[];
  hostname?: string;
  interactive?: boolean;
  memory?: number;
  name?: string;
  network: 'none' | 'host';
  pidsLimit?: number;
  platform?: Platform;
  readOnly?: boolean;
  rm?: boolean;
  user?: string;
  workdir?: string;
}

export function define(command: Command, session: () => Session): void {
  command
    .argument('<image>', 'a reference, an image id, or hello for the image inside skiff')
    .argument('[command...]', "what to run instead of the image's own command")
    .passThroughOptions()
    .option('--cpus <number>', 'how many CPUs it may use, as in 0.5', parseCpus)
    .option('-d, --detach', 'run in the background and print the id')
    .option('--entrypoint <command>', "replace the image's entrypoint")
    .option(
      '-e, --env <key=value>',
      'set a variable; KEY alone takes it from here (repeatable)',
      environmentEntry,
    )
    .option('-h, --hostname <name>', 'its host name')
    .option('-i, --interactive', 'keep standard input open')
    .option('-m, --memory <size>', 'memory limit in bytes, or with k, m, g', parseSize)
    .option('--name <name>', 'its name; one is made up when absent')
    .option(
      '--network <network>',
      'none: a private network with only loopback; host: the network of the host',
      oneOf('none', 'host'),
      'none',
    )
    .option('--pids-limit <number>', 'how many processes and threads it may have; -1 for no limit', integer)
    .option(
      '--platform <os/arch[/variant]>',
      'which image to take where an index offers several',
      parsePlatform,
    )
    .option('--read-only', 'mount its root file system read-only')
    .option('--rm', 'remove it and its files when it ends')
    .option('-u, --user <name|uid[:group|gid]>', 'who runs the command')
    .option('-w, --workdir <dir>', 'working directory inside the container')
    .helpOption('--help', 'show this help')
    .addHelpText('after', EXAMPLES)
    .action((image: string, words: string[], flags: RunFlags) => run(session(), image, words, flags));
}

const EXAMPLES = `
Examples:
  skiff run --rm hello                                 the image inside skiff: needs no network
  skiff run --rm busybox echo hi                       pull when missing, run, remove
  skiff run -d --name web -m 256m --cpus 0.5 nginx     in the background, with limits
  echo hi | skiff run -i --rm busybox cat              relay standard input`;

async function run(session: Session, image: string, words: string[], flags: RunFlags): Promise<never> {
  const engine = await session.engine();
  const options = createOptions(image, words, flags);
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

function createOptions(image: string, command: string[], flags: RunFlags): CreateOptions {
  return {
    image,
    name: flags.name,
    platform: flags.platform,
    process: {
      entrypoint: entrypoint(flags.entrypoint),
      command,
      env: flags.env ?? [],
      cwd: flags.workdir,
      user: flags.user,
      stdin: flags.interactive === true,
    },
    isolation: { hostname: flags.hostname, network: flags.network, readOnly: flags.readOnly === true },
    resources: { memory: flags.memory, nanoCpus: flags.cpus, pidsLimit: flags.pidsLimit },
    autoRemove: flags.rm === true,
  };
}

/** `--entrypoint ""` clears the image's. */
function entrypoint(flag: string | undefined): string[] | undefined {
  if (flag === undefined) return undefined;
  return flag === '' ? [] : [flag];
}
