import type { Command } from 'commander';
import { EngineError } from '../../../errors.ts';
import { switchOf } from '../../../grammar/words.ts';
import { parsePlatform } from '../../../image/platform.ts';
import type { Platform } from '../../../oci/platform.ts';
import { interruptible } from '../../command/interruptible.ts';
import { type PullFlags, pullWithProgress } from '../../command/pull-with-progress.ts';
import { registryReports } from '../../command/registry-reports.ts';
import type { Session } from '../../command/session.ts';
import { warningsOf } from '../../command/warnings.ts';
import type { ExplainFormat } from '../../create/create.ts';
import { acceptSwitchValues } from '../../options/switches.ts';
import { print } from '../../output/print.ts';
import { standardOutput } from '../../output/standard-output.ts';

interface Flags {
  allPlatforms?: boolean;
  allTags?: boolean;
  explain?: ExplainFormat | false;
  platform?: Platform;
  quiet?: boolean;
}

const EXAMPLES = `
Examples:
  skiff pull debian:bookworm
  skiff pull --platform linux/arm64 alpine
  skiff pull --all-platforms alpine                the whole index, to be saved or pushed as it is
  skiff pull localhost:5000/team/app@sha256:…      exactly this one
  skiff pull -a localhost:5000/team/app            all tags
  skiff pull --explain debian:bookworm             what would be fetched, and what is here already
  skiff --debug pull debian:bookworm               with each request to registry and mirrors

Mirrors are those of registries.conf (containers-registries.conf(5)) and of Docker's daemon.json.`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<image>', 'a reference: name, name:tag, host:port/name@sha256:…')
    .option('-a, --all-tags', 'all tags of the repository; what is no image is passed over')
    .option(
      '--platform <os/arch[/variant]>',
      'which image to take where an index offers several',
      parsePlatform,
    )
    .option('--all-platforms', 'all that an index offers, not only what runs here')
    .option('-q, --quiet', 'print only the canonical name')
    .option(
      '--explain [format]',
      'say what this would do, and do nothing; =json: as data',
      switchOf<ExplainFormat>('text', 'json'),
    )
    .addHelpText('after', EXAMPLES)
    .action((image: string, flags: Flags) =>
      flags.explain
        ? explain(session(), image, flags)
        : flags.allTags === true
          ? pullAll(session(), image, flags)
          : pull(session(), image, flags),
    );
  acceptSwitchValues(command, { interspersed: true });
}

/** One after another, as their layers are often the same. */
async function pullAll(
  session: Session,
  text: string,
  { platform, allPlatforms, quiet = false }: Flags,
): Promise<void> {
  const { images } = await session.engine();
  const warn = warningsOf(session);
  const found = await interruptible((signal) =>
    images.remoteTags(text, { ...registryReports(session), signal }),
  );
  const { repository, path, tags } = found;
  let changes = 0;
  for (const { tag, name } of tags) {
    if (!quiet) print(`${tag}: Pulling from ${path}\n`);
    try {
      const flags: PullFlags = { platform, allPlatforms, quiet, output: standardOutput };
      const { digest, changed } = await pullWithProgress(session, name, flags);
      if (!quiet) print(`Digest: ${digest}\n`);
      if (changed) changes += 1;
    } catch (error) {
      if (!(error instanceof EngineError) || error.kind !== 'unsupported') throw error;
      warn(error);
    }
  }
  const what = changes > 0 ? 'Downloaded newer image' : 'Image is up to date';
  if (!quiet) print(`Status: ${what} for ${repository}\n`);
  print(`${repository}\n`);
}

/** The registry is asked for manifest and config, which changes nothing there either. */
async function explain(
  session: Session,
  image: string,
  { allPlatforms, allTags, platform, explain: format }: Flags,
): Promise<void> {
  if (allTags === true)
    throw new EngineError('invalid', 'one image can be explained, not --all-tags of a repository');
  if (allPlatforms === true)
    throw new EngineError('invalid', 'one image can be explained, not --all-platforms of an index');
  const { images } = await session.engine();
  const warn = warningsOf(session);
  const explained = await interruptible((signal) => images.explainPull(image, { platform, warn, signal }));
  const { renderPull } = await import('../../output/explained-pull.ts');
  const { visibleJson } = await import('../../text/visible.ts');
  print(format === 'json' ? `${visibleJson(explained, { indent: 4 })}\n` : renderPull(explained));
}

async function pull(
  session: Session,
  image: string,
  { platform, allPlatforms, quiet }: Flags,
): Promise<void> {
  const flags: PullFlags = { platform, allPlatforms, quiet: quiet === true, output: standardOutput };
  const { name, digest, changed } = await pullWithProgress(session, image, flags);
  if (quiet !== true) {
    print(`Digest: ${digest}\n`);
    const what = changed ? 'Downloaded newer image' : 'Image is up to date';
    print(`Status: ${what} for ${image}\n`);
  }
  print(`${name}\n`);
}
