import type { Command } from 'commander';
import { interruptible } from '../../command/interruptible.ts';
import { registryReports } from '../../command/registry-reports.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';

interface Flags {
  amend?: boolean;
  insecure?: boolean;
}

const EXAMPLES = `
Examples:
  skiff manifest create team/app:2 team/app:2-amd64 team/app:2-arm64
  skiff manifest push team/app:2`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<list>', 'the name that the list is to have')
    .argument('<manifest...>', 'images that its registry has')
    .option('-a, --amend', 'add them to a list that is there')
    .option('--insecure', 'the registry may speak plain HTTP or show a certificate nobody vouches for')
    .addHelpText('after', EXAMPLES)
    .action((list: string, images: string[], flags: Flags) => create(session(), list, images, flags));
}

async function create(
  session: Session,
  list: string,
  images: string[],
  { amend, insecure }: Flags,
): Promise<void> {
  const { manifests } = await session.engine();
  const reports = registryReports(session);
  const name = await interruptible((signal) =>
    manifests.create(list, images, {
      amend: amend === true,
      insecure: insecure === true,
      ...reports,
      signal,
    }),
  );
  print(`Created manifest list ${name}\n`);
}
