import type { Command } from 'commander';
import type { Session } from '../../command/session.ts';
import { makeCidFile } from '../../create/cid-file.ts';
import { addCreateOptions, type CreateFlags, createOptions } from '../../create/create.ts';
import { imageForContainer } from '../../create/image-for-container.ts';
import { givenFlags } from '../../options/members.ts';
import { print } from '../../output/print.ts';

const EXAMPLES = `
Examples:
  skiff create --name web -m 256m nginx     made, not started; skiff start web does that
  skiff create --cidfile web.id nginx       its id in a file as well`;

export function define(command: Command, session: () => Session): void {
  command
    .argument(
      '<image>',
      'a reference, an image id, or hello for the image inside skiff; with --rootfs a directory',
    )
    .argument('[command...]', "what to run instead of the image's own command")
    .helpOption('--help', 'show this help')
    .addHelpText('after', EXAMPLES)
    .action((image: string, words: string[], flags: Omit<CreateFlags, 'given'>) =>
      create(session(), image, words, { ...flags, given: givenFlags(command) }),
    );
  addCreateOptions(command);
}

async function create(session: Session, image: string, words: string[], flags: CreateFlags): Promise<void> {
  const options = await createOptions(image, words, flags);
  if (flags.explain) {
    const { explainContainer } = await import('../../create/explain.ts');
    return await explainContainer(session, options, { flags, starting: false });
  }
  const cidFile = flags.cidfile === undefined ? undefined : makeCidFile(flags.cidfile);
  try {
    const { containers } = await session.engine();
    const found = await imageForContainer(session, options, flags);
    const { replace } = flags;
    const id = await containers.create(options, { image: found, replace, whenCreated: cidFile?.write });
    print(`${id}\n`);
  } catch (error) {
    cidFile?.discard();
    throw error;
  }
}
