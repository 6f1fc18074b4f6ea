import type { Command } from 'commander';
import { oneOf } from '../../../grammar/words.ts';
import type { Session } from '../../command/session.ts';
import { addLatest, type SelectionFlags, selected } from '../../options/selection.ts';
import { renderExplanation } from '../../output/explanation.ts';
import { print } from '../../output/print.ts';
import { visibleJson } from '../../text/visible.ts';

type Format = 'text' | 'json';

interface Flags extends SelectionFlags {
  format?: Format;
}

const EXAMPLES = `
Examples:
  skiff why web
  skiff why --format json web      the evidence, for programs`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('[container]', 'a name or an id')
    .option('--format <format>', 'text, or json: the evidence as data', oneOf<Format>('text', 'json'))
    .addHelpText('after', EXAMPLES)
    .action((name: string | undefined, flags: Flags) => why(session(), name, flags));
  addLatest(command);
}

async function why(
  session: Session,
  given: string | undefined,
  { format = 'text', ...flags }: Flags,
): Promise<void> {
  const [name = ''] = await selected(session, given === undefined ? [] : [given], flags);
  const { containers } = await session.engine();
  const explanation = await containers.why(name);
  print(format === 'json' ? `${visibleJson(explanation, { indent: 4 })}\n` : renderExplanation(explanation));
}
