import type { Command } from 'commander';
import type { LogEntry } from '../../../engine/logs/read.ts';
import { EngineError } from '../../../errors.ts';
import { moment } from '../../../grammar/moment.ts';
import type { Session } from '../../command/session.ts';
import { addSelection, type SelectionFlags, selected } from '../../options/selection.ts';
import { LogPrinter } from '../../output/log-lines.ts';

interface Flags extends SelectionFlags {
  follow?: boolean;
  since?: bigint;
  until?: bigint;
  tail?: number;
  timestamps?: boolean;
  details?: boolean;
  names?: boolean;
}

const EXAMPLES = `
Examples:
  skiff logs -f web                              until it ends
  skiff logs --since 10m -t web                  the last ten minutes, with times
  skiff logs -n 20 web db                        two containers, in the order of time
  skiff logs --since 2026-01-02T15:00 --until 2026-01-02T16:00 web`;

export function define(command: Command, session: () => Session): void {
  addSelection(command);
  command
    .option('-f, --follow', 'go on until the container ends')
    .option('--since <time>', 'only what is later: a time, or how long ago (10m)', moment('--since'))
    .option('--until <time>', 'only what is earlier: a time, or how long ago', moment('--until'))
    .option('-n, --tail <number>', 'only so many lines from the end; "all" is the default', lineCount)
    .option('-t, --timestamps', 'when each line was written')
    .option('--details', 'what the log driver was told to add: labels, variables, a tag')
    .option('--names', 'the name of the container before each line, as of several it always is')
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: Flags) => logs(session(), names, flags));
}

/** Parses a number of lines; undefined: all. As with Docker anything below 0 means all. */
function lineCount(text: string): number | undefined {
  if (text === 'all') return undefined;
  if (/^-?\d+$/.test(text) && Number.isSafeInteger(Number(text)))
    return Number(text) < 0 ? undefined : Number(text);
  throw new EngineError('invalid', `invalid number of lines: "${text}"`, {
    subject: text,
    hint: 'write a number, or all',
  });
}

async function logs(session: Session, given: string[], flags: Flags): Promise<void> {
  const names = await selected(session, given, flags);
  const engine = await session.engine();
  const { containers } = engine;
  using reader = flags.follow === true ? await engine.watchReader() : undefined;
  const { since, until, tail } = flags;
  const request = { since, until, tail, follow: flags.follow === true, signal: reader?.signal };
  const sources: AsyncGenerator<LogEntry[]>[] = [];
  for (const name of names) sources.push(await containers.logs(name, request));
  const printer = new LogPrinter({
    names: flags.names === true || names.length > 1 ? names : undefined,
    timestamps: flags.timestamps === true,
    details: flags.details === true,
  });
  const [only] = sources;
  if (only !== undefined && sources.length === 1) {
    for await (const entries of only) printer.print(0, entries);
    return;
  }
  const { interleaveLogs, mergeLogs } = await import('../../../engine/logs/merge.ts');
  const combine = request.follow ? interleaveLogs : mergeLogs;
  for await (const { source, entries } of combine(sources)) printer.print(source, entries);
}
