import type { Command } from 'commander';
import type { CreateOptions } from '../../../engine/options/create.ts';
import { EngineError } from '../../../errors.ts';
import { replaceProcess } from '../../../host/replace-process.ts';
import type { Session } from '../../command/session.ts';
import type { CidFile } from '../../create/cid-file.ts';
import { addCreateOptions, type CreateFlags, createOptions } from '../../create/create.ts';
import { imageForContainer } from '../../create/image-for-container.ts';
import { addClientOptions, type ClientFlags, clientOptions, requireTerminal } from '../../options/client.ts';
import { givenFlags } from '../../options/members.ts';

interface RunFlags extends CreateFlags, ClientFlags {
  detach?: boolean;
  rmi?: boolean;
}

export function define(command: Command, session: () => Session): void {
  command
    .argument(
      '<image>',
      'a reference, an image id, or hello for the image inside skiff; with --rootfs a directory',
    )
    .argument('[command...]', "what to run instead of the image's own command")
    .option('-d, --detach', 'run in the background and print the id')
    .helpOption('--help', 'show this help')
    .addHelpText('after', EXAMPLES)
    .action((image: string, words: string[], flags: Omit<RunFlags, 'given'>) =>
      run(session(), image, words, { ...flags, given: givenFlags(command) }),
    );
  addCreateOptions(command, (options) => {
    options.option('--rmi', 'remove its image as well when it ends, unless others need it; implies --rm');
    addClientOptions(options);
  });
}

const EXAMPLES = `
Examples:
  skiff run --rm hello                                 the image inside skiff: needs no network
  skiff run --rm busybox echo hi                       pull when missing, run, remove
  skiff run --rm -it debian bash                       a shell on this terminal; Ctrl-P Ctrl-Q leaves it running
  skiff run -d --name web -m 256m --cpus 0.5 nginx     in the background, with limits
  skiff run -d -p 8080:80 -p 127.0.0.1::53/udp web     ports of the host that lead to it; skiff port shows them
  skiff run -d --network front --network back web      on two networks, where others find it as web
  skiff run --rm --network container:web busybox ip a  in the network of another
  skiff run -d --restart on-failure:3 worker           started again when it fails, three times at most
  skiff run -d --health-cmd 'wget -qO- localhost' web  checked every 30 seconds
  skiff run --rm -it --rootfs ./tree:O sh              a directory without an image, which stays as it is
  echo hi | skiff run -i --rm busybox cat              relay standard input
  skiff run --explain -m 256m busybox                  what that would do, before anything is done`;

async function run(session: Session, image: string, words: string[], flags: RunFlags): Promise<void> {
  const { detach = false, replace, rmi = false } = flags;
  const options = await createOptions(image, words, { ...flags, rm: flags.rm === true || rmi });
  if (detach) {
    refuseInBackground(flags);
    options.process.attach = [];
  }
  if (!detach && options.process.terminal === true && options.process.stdin === true) await requireTerminal();
  if (flags.explain) return await explain(session, options, flags);
  const cidFile = flags.cidfile === undefined ? undefined : await makeCidFile(flags.cidfile);
  try {
    const engine = await session.engine();
    const found = await imageForContainer(session, options, flags);
    const mode = detach ? 'detach' : 'attach';
    const extras = {
      image: found,
      mode,
      client: clientOptions(flags),
      replace,
      whenCreated: cidFile?.write,
    } as const;
    if (publishesToOthers(options)) await remarkOnPublished(session, options);
    if (!rmi) replaceProcess(await engine.containers.run(options, extras));
    process.exitCode = await engine.containers.runAndRemoveImage(options, extras);
  } catch (error) {
    cidFile?.discard();
    throw error;
  }
}

async function explain(session: Session, options: CreateOptions, flags: RunFlags): Promise<void> {
  const { explainContainer } = await import('../../create/explain.ts');
  await explainContainer(session, options, { flags, starting: true });
}

/** Most publish nothing. */
function publishesToOthers({ namespaces, network }: CreateOptions): boolean {
  if (namespaces.network !== 'networks') return false;
  return network?.publishAll === true || (network?.publish ?? []).length > 0;
}

async function remarkOnPublished(session: Session, options: CreateOptions): Promise<void> {
  const { remarkOnPublished: remark } = await import('../../create/published-remarks.ts');
  await remark(session, options);
}

async function makeCidFile(path: string): Promise<CidFile> {
  const { makeCidFile: make } = await import('../../create/cid-file.ts');
  return make(path);
}

/**
 * Refuses options that go with `-d` in no case, as they need this command as long as the container runs. Throws
 * `invalid`.
 */
function refuseInBackground({ attach, rmi }: RunFlags): void {
  const [option, reason] =
    attach !== undefined
      ? ['-a', 'what runs in the background has no streams here']
      : ['--rmi', 'nobody stays to remove the image when it ends'];
  if (attach === undefined && rmi !== true) return;
  throw new EngineError('invalid', `${option} and -d contradict each other`, {
    subject: option,
    hint: `leave one of them out: ${reason}`,
  });
}
