import type { Command } from 'commander';
import { collectFilter, type Filters } from '../../../grammar/filters.ts';
import { integer } from '../../../grammar/words.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';
import { PS_HEADERS, psFields } from '../../output/ps-fields.ts';
import { tell } from '../../output/tell.ts';
import { parseTemplate, type Template } from '../../template/template.ts';

interface Flags {
  all?: boolean;
  filter?: Filters;
  format?: string;
  last?: number;
  latest?: boolean;
  quiet?: boolean;
  size?: boolean;
  trunc: boolean;
}

const TABLE = 'table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}';

const RAW = `container_id: {{.ID}}
image: {{.Image}}
command: {{.Command}}
created_at: {{.CreatedAt}}
state: {{- pad .State 1 0}}
status: {{- pad .Status 1 0}}
names: {{.Names}}
labels: {{- pad .Labels 1 0}}
ports: {{- pad .Ports 1 0}}
`;

const EXAMPLES = `
Examples:
  skiff ps -a                                            also those that do not run
  skiff ps -a --filter status=exited --filter label=app  all filters must fit; of one name any value
  skiff ps --format 'table {{.Names}}\\t{{.Status}}'       columns of one's own
  skiff ps --format json                                 an object on each line`;

export function define(command: Command, session: () => Session): void {
  command
    .option('-a, --all', 'also those that do not run')
    .option(
      '-f, --filter <name=value>',
      'only those that fit: id, name, label, status, exited, health, ancestor, before, since, network, publish, expose (repeatable)',
      collectFilter,
    )
    .option('--format <template>', 'table, json, or a template such as "table {{.Names}}\\t{{.Status}}"')
    .option('-n, --last <count>', 'the newest so many, also those that do not run', integer)
    .option('-l, --latest', 'the newest one, even if it does not run')
    .option('--no-trunc', 'whole ids and commands')
    .option('-q, --quiet', 'only ids')
    .option('-s, --size', 'also what they need on disk')
    .addHelpText('after', EXAMPLES)
    .action((flags: Flags) => list(session(), flags));
}

async function list(session: Session, flags: Flags): Promise<void> {
  const { all = false, filter, last, latest, size, trunc } = flags;
  const template = templateOf(flags);
  const { containers } = await session.engine();
  const listed = await containers.list({
    all,
    filters: filter,
    limit: latest === true ? 1 : last,
    size: size === true || template.fields.has('Size'),
  });
  print(template.render(listed.map((container) => psFields(container, { trunc }))));
}

function templateOf({ format = 'table', quiet, size }: Flags): Template {
  if (quiet === true) {
    if (format !== 'table' && format !== 'raw') tell('skiff: --format is ignored, as --quiet is given, too');
    return parseTemplate(format === 'raw' ? 'container_id: {{.ID}}' : '{{.ID}}', PS_HEADERS);
  }
  if (format === 'raw') return parseTemplate(size ? `${RAW}size: {{.Size}}\n` : RAW, PS_HEADERS);
  if (format !== 'table' && format !== '') return parseTemplate(format, PS_HEADERS);
  return parseTemplate(size ? `${TABLE}\t{{.Size}}` : TABLE, PS_HEADERS);
}
