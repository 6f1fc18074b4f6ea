import type { Command } from 'commander';
import { parsePlatform } from '../../../image/platform.ts';
import type { Platform } from '../../../oci/platform.ts';
import { type PullFlags, pullWithProgress } from '../../command/pull-with-progress.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';
import { standardOutput } from '../../output/standard-output.ts';

interface Flags {
  platform?: Platform;
  quiet?: boolean;
}

const EXAMPLES = `
Examples:
  skiff pull debian:bookworm
  skiff pull --platform linux/arm64 alpine
  skiff pull localhost:5000/team/app@sha256:…      exactly this one`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<image>', 'a reference: name, name:tag, host:port/name@sha256:…')
    .option(
      '--platform <os/arch[/variant]>',
      'which image to take where an index offers several',
      parsePlatform,
    )
    .option('-q, --quiet', 'print only the canonical name')
    .addHelpText('after', EXAMPLES)
    .action((image: string, flags: Flags) => pull(session(), image, flags));
}

async function pull(session: Session, image: string, { platform, quiet }: Flags): Promise<void> {
  const flags: PullFlags = { platform, quiet: quiet === true, output: standardOutput };
  const { name, digest, changed } = await pullWithProgress(session, image, flags);
  if (quiet !== true) {
    print(`Digest: ${digest}\n`);
    const what = changed ? 'Downloaded newer image' : 'Image is up to date';
    print(`Status: ${what} for ${image}\n`);
  }
  print(`${name}\n`);
}
