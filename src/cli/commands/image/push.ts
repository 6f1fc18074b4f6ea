import type { Command } from 'commander';
import { parsePlatform } from '../../../image/platform.ts';
import type { Platform } from '../../../oci/platform.ts';
import { pushWithProgress } from '../../command/push-with-progress.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';

interface Flags {
  allTags?: boolean;
  platform?: Platform;
  quiet?: boolean;
}

const EXAMPLES = `
Examples:
  skiff push registry.example.com/team/app:2
  skiff push -a registry.example.com/team/app        all tags`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<image>', 'the name that says where: host:port/repository:tag')
    .option('-a, --all-tags', 'all tags of the repository')
    .option('--disable-content-trust', 'nothing is signed, with or without it')
    .option(
      '--platform <os/arch[/variant]>',
      'what the image has to be for; of an index only that one',
      parsePlatform,
    )
    .option('-q, --quiet', 'print only the canonical name')
    .addHelpText('after', EXAMPLES)
    .action((image: string, flags: Flags) => push(session(), image, flags));
}

async function push(session: Session, image: string, { allTags, platform, quiet }: Flags): Promise<void> {
  await pushWithProgress(session, image, { allTags: allTags === true, platform, quiet: quiet === true });
  if (quiet === true) print(`${image}\n`);
}
