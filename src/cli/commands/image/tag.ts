import type { Command } from 'commander';
import type { Session } from '../../command/session.ts';

const EXAMPLES = `
Examples:
  skiff tag busybox registry.example.com/team/busybox:1.36
  skiff tag 3f57d9401f8d base`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<image>', 'a reference or id')
    .argument('<name>', 'the new name: repository or repository:tag')
    .addHelpText('after', EXAMPLES)
    .action(async (image: string, name: string) => {
      const { images } = await session().engine();
      await images.tag(image, name);
    });
}
