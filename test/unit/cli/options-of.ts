import { Command } from 'commander';
import { addCreateOptions, type CreateFlags, createOptions } from '../../../src/cli/create/create.ts';
import { givenFlags } from '../../../src/cli/options/members.ts';
import type { CreateOptions } from '../../../src/engine/options/create.ts';

/** What a command line asks for, without what it does not mention. */
export async function optionsOf(...args: string[]): Promise<CreateOptions> {
  let options: CreateOptions | undefined;
  const command = new Command('create')
    .argument('<image>')
    .argument('[command...]')
    .helpOption('--help')
    .exitOverride()
    .configureOutput({ writeErr: () => {}, outputError: () => {} })
    .action(async (image: string, words: string[], flags: Omit<CreateFlags, 'given'>) => {
      options = await createOptions(image, words, { ...flags, given: givenFlags(command) });
    });
  addCreateOptions(command);
  await command.parseAsync([...args, 'image', 'word', '--init'], { from: 'user' });
  return JSON.parse(JSON.stringify(options));
}
