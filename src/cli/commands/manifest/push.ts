import type { Command } from 'commander';
import { interruptible } from '../../command/interruptible.ts';
import { registryReports } from '../../command/registry-reports.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';

interface Flags {
  insecure?: boolean;
  purge?: boolean;
}

export function define(command: Command, session: () => Session): void {
  command
    .argument('<list>', 'a list that was made here')
    .option('--insecure', 'the registry may speak plain HTTP or show a certificate nobody vouches for')
    .option('-p, --purge', 'forget the list afterwards')
    .action((list: string, flags: Flags) => push(session(), list, flags));
}

async function push(session: Session, list: string, { insecure, purge }: Flags): Promise<void> {
  const { manifests } = await session.engine();
  const digest = await interruptible((signal) =>
    manifests.push(list, {
      purge: purge === true,
      insecure: insecure === true,
      onPushed: (reference, of) => print(`Pushed ref ${reference} with digest: ${of}\n`),
      ...registryReports(session),
      signal,
    }),
  );
  print(`${digest}\n`);
}
