import type { Command } from 'commander';
import type { PushProgress } from '../../../engine/images/push-progress.ts';
import { parsePlatform } from '../../../image/platform.ts';
import type { Platform } from '../../../oci/platform.ts';
import { interruptible } from '../../command/interruptible.ts';
import { registryReports } from '../../command/registry-reports.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';
import { createPushProgress } from '../../output/push-progress.ts';
import { standardOutput } from '../../output/standard-output.ts';

interface Flags {
  allTags?: boolean;
  platform?: Platform;
  quiet?: boolean;
}

const EXAMPLES = `
Examples:
  skiff push registry.example.com/team/app:2
  skiff push -a registry.example.com/team/app        all tags`;

/** What nobody wants to see. */
const SILENT: PushProgress = {
  repository: () => {},
  layer: () => {
    const nothing = () => {};
    return { preparing: nothing, pushing: nothing, exists: nothing, mounted: nothing, done: nothing };
  },
  pushed: () => {},
};

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
  const { images } = await session.engine();
  const display = quiet === true ? undefined : createPushProgress(standardOutput);
  try {
    await interruptible((signal) =>
      images.push(image, {
        allTags: allTags === true,
        platform,
        progress: display ?? SILENT,
        ...registryReports(session, display && ((write) => display.interruptedBy(write))),
        signal,
      }),
    );
  } finally {
    display?.close();
  }
  if (quiet === true) print(`${image}\n`);
}
