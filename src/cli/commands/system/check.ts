import { type Command, Option } from 'commander';
import type { CheckedStore, ReportedFault } from '../../../engine/check/check.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';
import { visible, visibleJson } from '../../text/visible.ts';

interface Flags {
  deep?: boolean;
  repair?: boolean;
  format: 'text' | 'json';
}

/** Scripts ask one thing: is something wrong? */
const EXIT_WRONG = 1;

const EXAMPLES = `
A line for each thing: wrong is what a record names and the store does not have as it should; limited is well but for what
the line says; left is what commands that failed or were killed have left, which is in nobody's way. --repair takes that
away, writes documents of images again, unpacks layers again, and removes images that their registry has to be asked for.
Containers are never removed. Whether containers can run on this host is what skiff doctor looks at.

Examples:
  skiff system check                     exit code 1 when something is wrong
  skiff system check --deep --repair     reads every blob`;

export function define(command: Command, session: () => Session): void {
  command
    .option('--deep', 'read every blob, not only its size')
    .option('--repair', 'mend what can be mended without loss')
    .addOption(new Option('--format <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .addHelpText('after', EXAMPLES)
    .action(async ({ deep = false, repair = false, format }: Flags) => {
      const engine = await session().engine();
      const checked = await engine.check({ deep, repair });
      print(format === 'json' ? `${visibleJson(checked, { indent: 2 })}\n` : text(checked));
      if (!checked.isTrue) process.exitCode = EXIT_WRONG;
    });
}

const STATE_WIDTH = 9;

function text({ isTrue, faults }: CheckedStore): string {
  const mendable = faults.some(({ state, canBeMended, reason }) => {
    return state !== 'mended' && canBeMended && reason === undefined;
  });
  const lines = [
    ...faults.map(line),
    ...(faults.length === 0 ? [] : ['']),
    isTrue ? 'The store has all that it should.' : 'The store lacks something that it should have.',
    ...(mendable ? ['To mend what can be mended: skiff system check --repair'] : []),
  ];
  return lines.map((each) => `${each}\n`).join('');
}

/** A whole fault in one line, so that grep shows what belongs together. */
function line({ state, topic, name, detail, remedy, reason }: ReportedFault): string {
  const parts = [
    detail,
    ...(reason === undefined ? [] : [reason]),
    ...(remedy === undefined || state === 'mended' ? [] : [`to mend it: ${remedy}`]),
  ];
  return visible(`${state.padEnd(STATE_WIDTH)}${topic}: ${name}: ${parts.join('; ')}`);
}
