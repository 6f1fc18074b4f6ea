import { type Command, Option } from 'commander';
import type { Diagnosis, Finding, ReportedLeftover } from '../../../engine/doctor/doctor.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';
import { visibleJson } from '../../text/visible.ts';

interface Flags {
  fix?: boolean;
  format: 'text' | 'json';
}

/** Scripts ask one thing: can containers run here? */
const EXIT_DOES_NOT_WORK = 1;

const EXAMPLES = `
Examples:
  skiff doctor                     a line for each thing; exit code 1 when containers cannot run
  skiff doctor --fix`;

export function define(command: Command, session: () => Session): void {
  command
    .option('--fix', 'clean up what crashes, and stores deleted by hand, have left')
    .addOption(new Option('--format <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .addHelpText('after', EXAMPLES)
    .action((flags: Flags) => doctor(session(), flags));
}

async function doctor(session: Session, { fix = false, format }: Flags): Promise<void> {
  const engine = await session.engine();
  const diagnosis = await engine.diagnose({ fix });
  if (format === 'json') print(`${visibleJson(diagnosis, { indent: 2 })}\n`);
  else
    print(
      lines(diagnosis)
        .map((line) => `${line}\n`)
        .join(''),
    );
  if (!diagnosis.works) process.exitCode = EXIT_DOES_NOT_WORK;
}

function lines({ works, findings, leftovers }: Diagnosis): string[] {
  return [
    ...findings.map(findingLine),
    ...leftovers.map(leftoverLine),
    '',
    works ? 'Containers can run here.' : 'Containers cannot run here.',
    ...leftoverSummary(leftovers),
  ];
}

const STATE_WIDTH = 9;

/** Writes a whole finding in one line, so that grep shows what belongs together. */
function findingLine({ topic, name, state, detail, cost, remedy }: Finding): string {
  const parts = [
    detail,
    ...(cost === undefined ? [] : [`without it ${cost}`]),
    ...(remedy === undefined ? [] : [`to get it: ${remedy}`]),
  ];
  return `${state.padEnd(STATE_WIDTH)}${topic}: ${name}: ${parts.join('; ')}`;
}

function leftoverLine({ kind, name, detail, left, reason }: ReportedLeftover): string {
  const word = { there: 'left', cleaned: 'cleaned', kept: 'kept' }[left];
  return `${word.padEnd(STATE_WIDTH)}${kind}: ${name}: ${[detail, ...(reason === undefined ? [] : [reason])].join('; ')}`;
}

function leftoverSummary(leftovers: readonly ReportedLeftover[]): string[] {
  if (leftovers.length === 0) return ['Nothing was left behind by a crash.'];
  const count = leftovers.filter(({ left }) => left === 'there').length;
  return count === 0 ? [] : [`To clean up what was left behind: skiff doctor --fix`];
}
