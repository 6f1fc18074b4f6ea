import type { CreateOptions } from '../../engine/options/create.ts';
import { interruptible } from '../command/interruptible.ts';
import type { Session } from '../command/session.ts';
import { warningsOf } from '../command/warnings.ts';
import { renderExplained } from '../output/explained-container.ts';
import { print } from '../output/print.ts';
import { tell } from '../output/tell.ts';
import { visibleJson } from '../text/visible.ts';
import { requireNoCidFile } from './cid-file.ts';
import type { CreateFlags } from './create.ts';
import { publishedRemarks } from './published-remarks.ts';

/**
 * Prints what making a container would do, and does nothing. `starting`: it is started at once. Throws as the command
 * would before it makes anything.
 */
export async function explainContainer(
  session: Session,
  options: CreateOptions,
  { flags, starting }: { flags: CreateFlags; starting: boolean },
): Promise<void> {
  if (flags.cidfile !== undefined) requireNoCidFile(flags.cidfile);
  const { containers } = await session.engine();
  const explained = await interruptible((signal) =>
    containers.explain(options, {
      pull: flags.pull ?? 'missing',
      replace: flags.replace,
      starting,
      warn: warningsOf(session),
      signal,
    }),
  );
  for (const remark of await publishedRemarks(options, async () => explained.foreignFirewall))
    tell(`skiff: ${remark}`);
  print(flags.explain === 'json' ? `${visibleJson(explained, { indent: 4 })}\n` : renderExplained(explained));
}
