import type { Command } from 'commander';
import type { ContainerStats } from '../../../engine/reports/stats.ts';
import type { Session } from '../../command/session.ts';
import { selected } from '../../options/selection.ts';
import { print } from '../../output/print.ts';
import { standardOutput } from '../../output/standard-output.ts';
import { type Fields, parseTemplate, type Template } from '../../template/template.ts';
import { shortId } from '../../text/ids.ts';
import { isAnimated } from '../../text/terminal.ts';
import { humanMemory, humanSize } from '../../text/units.ts';

interface Flags {
  all?: boolean;
  latest?: boolean;
  format?: string;
  stream: boolean;
  trunc: boolean;
}

const HEADERS = {
  Container: 'CONTAINER',
  ID: 'CONTAINER ID',
  Name: 'NAME',
  CPUPerc: 'CPU %',
  MemUsage: 'MEM USAGE / LIMIT',
  MemPerc: 'MEM %',
  NetIO: 'NET I/O',
  BlockIO: 'BLOCK I/O',
  PIDs: 'PIDS',
};

const DEFAULT_FORMAT =
  'table {{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}';

const EXAMPLES = `
Examples:
  skiff stats                                             a table that changes, until Ctrl-C
  skiff stats --no-stream web db                          two containers, once
  skiff stats --no-stream --format '{{.Name}}: {{.MemUsage}}'
  skiff stats --no-stream --format json`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('[container...]', 'names or ids; all that run when absent')
    .option('-a, --all', 'also those that do not run')
    .option('--format <template>', 'table, json, or a template such as "table {{.Name}}\\t{{.CPUPerc}}"')
    .option('--no-stream', 'once instead of until Ctrl-C')
    .option('--no-trunc', 'whole ids')
    .option('-l, --latest', 'the container that was created last')
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: Flags) => stats(session(), names, flags));
}

async function stats(session: Session, given: string[], flags: Flags): Promise<void> {
  const { format = 'table', latest = false } = flags;
  const names = latest ? await selected(session, given, flags) : given;
  const template = parseTemplate(format === 'table' ? DEFAULT_FORMAT : format, HEADERS);
  const { containers } = await session.engine();
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort();
  process.once('SIGINT', stop);
  try {
    const request = { names, all: flags.all === true, signal: interrupt.signal };
    for await (const pictures of await containers.stats(request)) {
      show(template, pictures, flags);
      if (!flags.stream) return;
    }
  } finally {
    process.removeListener('SIGINT', stop);
  }
}

const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/**
 * Shows one picture of all containers. On a terminal each takes the place of the one before, without a moment in which
 * there is none.
 */
function show(template: Template, pictures: readonly ContainerStats[], { stream, trunc }: Flags): void {
  const text = template.render(pictures.map((one) => fieldsOf(one, trunc)));
  const inPlace = stream && isAnimated(standardOutput);
  print(inPlace ? `${HOME}${text.replaceAll('\n', `${CLEAR_LINE}\n`)}${CLEAR_BELOW}` : text);
}

function fieldsOf(stats: ContainerStats, trunc: boolean): Fields {
  const id = trunc ? shortId(stats.id) : stats.id;
  return {
    BlockIO: `${humanSize(stats.read)} / ${humanSize(stats.written)}`,
    CPUPerc: percent(stats.cpuPercent),
    Container: id,
    ID: id,
    MemPerc: percent(stats.memoryPercent),
    MemUsage: `${humanMemory(stats.memory)} / ${humanMemory(stats.memoryLimit)}`,
    Name: stats.name,
    NetIO: `${humanSize(stats.received)} / ${humanSize(stats.sent)}`,
    PIDs: String(stats.pids),
  };
}

function percent(value: number): string {
  return `${value.toFixed(2)}%`;
}
