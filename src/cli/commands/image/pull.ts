import type { Command } from 'commander';
import type { EngineError } from '../../../errors.ts';
import { parsePlatform } from '../../../image/platform.ts';
import type { Platform } from '../../../oci/platform.ts';
import { interruptible } from '../../command/interruptible.ts';
import { type PullFlags, pullWithProgress } from '../../command/pull-with-progress.ts';
import type { Session } from '../../command/session.ts';
import type { ExplainFormat } from '../../create/create.ts';
import { acceptSwitchValues } from '../../options/switches.ts';
import { print, printError } from '../../output/print.ts';
import { standardOutput } from '../../output/standard-output.ts';
import { switchOf } from '../../parse/words.ts';

interface Flags {
  explain?: ExplainFormat | false;
  platform?: Platform;
  quiet?: boolean;
}

const EXAMPLES = `
Examples:
  skiff pull debian:bookworm
  skiff pull --platform linux/arm64 alpine
  skiff pull localhost:5000/team/app@sha256:…      exactly this one
  skiff pull --explain debian:bookworm             what would be fetched, and what is here already
  skiff --debug pull debian:bookworm               with each request to registry and mirrors

Mirrors are those of registries.conf (containers-registries.conf(5)) and of Docker's daemon.json.`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<image>', 'a reference: name, name:tag, host:port/name@sha256:…')
    .option(
      '--platform <os/arch[/variant]>',
      'which image to take where an index offers several',
      parsePlatform,
    )
    .option('-q, --quiet', 'print only the canonical name')
    .option(
      '--explain [format]',
      'say what this would do, and do nothing; =json: as data',
      switchOf<ExplainFormat>('text', 'json'),
    )
    .addHelpText('after', EXAMPLES)
    .action((image: string, flags: Flags) =>
      flags.explain ? explain(session(), image, flags) : pull(session(), image, flags),
    );
  acceptSwitchValues(command, { interspersed: true });
}

/** The registry is asked for manifest and config, which changes nothing there either. */
async function explain(session: Session, image: string, { platform, explain: format }: Flags): Promise<void> {
  const { images } = await session.engine();
  const { renderError } = await import('../../output/error.ts');
  const warn = (problem: EngineError): void =>
    printError(renderError(problem, { debug: session.globals.debug === true, warning: true }));
  const explained = await interruptible((signal) => images.explainPull(image, { platform, warn, signal }));
  const { renderPull } = await import('../../output/explained-pull.ts');
  const { visibleJson } = await import('../../text/visible.ts');
  print(format === 'json' ? `${visibleJson(explained, { indent: 4 })}\n` : renderPull(explained));
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
