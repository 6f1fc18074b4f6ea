import { Command } from 'commander';
import { addCreateOptions, type CreateFlags, createOptions } from '../../../src/cli/create/create.ts';
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
    .action(async (image: string, words: string[], flags: CreateFlags) => {
      options = await createOptions(image, words, flags);
    });
  addCreateOptions(command);
  await command.parseAsync([...args, 'image', 'word', '--init'], { from: 'user' });
  return JSON.parse(JSON.stringify(options));
}
