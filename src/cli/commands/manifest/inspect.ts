import type { Command } from 'commander';
import { interruptible } from '../../command/interruptible.ts';
import { registryReports } from '../../command/registry-reports.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';
import { visibleJson } from '../../text/visible.ts';

interface Flags {
  insecure?: boolean;
  referrers?: boolean;
  verbose?: boolean;
}

const EXAMPLES = `
Examples:
  skiff manifest inspect debian:12                         nothing is pulled
  skiff manifest inspect -v debian:12                      with what stands in the index
  skiff manifest inspect --referrers team/app:2            its signatures and the like
  skiff manifest inspect team/app:2 team/app:2-arm64       an image of a list that was made here`;

/** As Docker writes them. */
const INDEX_INDENT = 3;
const INDENT = '\t';

export function define(command: Command, session: () => Session): void {
  command
    .argument('<manifest>', 'a reference, or a list that was made here')
    .argument('[image]', 'an image of that list')
    .option('--insecure', 'its registry may speak plain HTTP or show a certificate nobody vouches for')
    .option('--referrers', 'what refers to it, such as signatures: an index of that')
    .option('-v, --verbose', 'also digests, sizes and platforms, and what stands in an index')
    .addHelpText('after', EXAMPLES)
    .action((name: string, image: string | undefined, flags: Flags) =>
      inspect(session(), [name, image], flags),
    );
}

async function inspect(
  session: Session,
  [name, image]: [name: string, image: string | undefined],
  flags: Flags,
): Promise<void> {
  const { manifests } = await session.engine();
  if (image !== undefined) {
    const entry = await manifests.inspectEntry(name, image);
    const document = entry.OCIManifest ?? entry.SchemaV2Manifest;
    return print(`${visibleJson(flags.verbose === true ? entry : document, { indent: INDENT })}\n`);
  }
  await interruptible(async (signal) => {
    const request = { insecure: flags.insecure === true, ...registryReports(session), signal };
    if (flags.referrers !== true && flags.verbose === true) {
      return print(`${visibleJson(await manifests.inspectVerbosely(name, request), { indent: INDENT })}\n`);
    }
    const read = flags.referrers === true ? manifests.referrers : manifests.inspect;
    const { document, isIndex } = await read.call(manifests, name, request);
    print(`${visibleJson(document, { indent: isIndex ? INDEX_INDENT : INDENT })}\n`);
  });
}
