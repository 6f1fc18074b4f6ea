import type { Command } from 'commander';
import { renderExplanation } from '../output/explanation.ts';
import { print } from '../output/print.ts';
import { oneOf } from '../parse/words.ts';
import type { Session } from '../session.ts';

type Format = 'text' | 'json';

const EXAMPLES = `
Examples:
  skiff why web
  skiff why --format json web      the evidence, for programs`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<container>', 'a name or an id')
    .option('--format <format>', 'text, or json: the evidence as data', oneOf<Format>('text', 'json'))
    .addHelpText('after', EXAMPLES)
    .action((name: string, flags: { format?: Format }) => why(session(), name, flags.format ?? 'text'));
}

async function why(session: Session, name: string, format: Format): Promise<void> {
  const { containers } = await session.engine();
  const explanation = await containers.why(name);
  print(format === 'json' ? `${JSON.stringify(explanation, null, 4)}\n` : renderExplanation(explanation));
}
