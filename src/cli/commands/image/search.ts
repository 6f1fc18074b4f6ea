import type { Command } from 'commander';
import { collectFilter, type Filters } from '../../../grammar/filters.ts';
import type { FoundRepository } from '../../../registry/search.ts';
import { interruptible } from '../../command/interruptible.ts';
import { registryReports } from '../../command/registry-reports.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';
import { type Fields, parseTemplate, type Template } from '../../template/template.ts';
import { ellipsis } from '../../text/ids.ts';

interface Flags {
  filter?: Filters;
  format?: string;
  limit?: string;
  trunc: boolean;
}

/** The fields of `search --format`, with Docker's headers. */
const HEADERS = {
  Description: 'DESCRIPTION',
  IsAutomated: 'AUTOMATED',
  IsOfficial: 'OFFICIAL',
  Name: 'NAME',
  StarCount: 'STARS',
};
const TABLE = 'table {{.Name}}\t{{.Description}}\t{{.StarCount}}\t{{.IsOfficial}}';
const DESCRIPTION_WIDTH = 45;

const EXAMPLES = `
Examples:
  skiff search nginx                                          at Docker Hub
  skiff search --filter is-official=true --limit 5 debian
  skiff search registry.example.com/team/                     at another registry`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<term>', 'a part of the name, or host:port/ and a part of the name')
    .option(
      '-f, --filter <name=value>',
      'only those that fit: is-official, stars (so many at least), is-automated (repeatable)',
      collectFilter,
    )
    .option('--format <template>', 'table, json, or a template such as "{{.Name}}: {{.StarCount}}"')
    .option('--limit <number>', 'so many at most (25, at most 100)')
    .option('--no-trunc', 'whole descriptions')
    .addHelpText('after', EXAMPLES)
    .action((term: string, flags: Flags) => search(session(), term, flags));
}

async function search(
  session: Session,
  term: string,
  { filter, format, limit, trunc }: Flags,
): Promise<void> {
  const template = parseTemplate(format === undefined || format === 'table' ? TABLE : format, HEADERS);
  const { images } = await session.engine();
  const found = await interruptible((signal) =>
    images.search(term, {
      limit: limit === undefined ? undefined : Number(limit),
      filters: filter,
      ...registryReports(session),
      signal,
    }),
  );
  print(template.render(found.map((repository) => fieldsOf(repository, template, trunc))));
}

/** As Docker: `[OK]` where a template names the field, `true` in the JSON of all of them. */
function fieldsOf(
  { name, description, stars, official, automated }: FoundRepository,
  { fields }: Template,
  trunc: boolean,
): Fields {
  const flag = (field: string, value: boolean) => (fields.has(field) ? (value ? '[OK]' : '') : `${value}`);
  const line = description.replace(/[\r\n]+/g, ' ');
  return {
    Description: trunc ? ellipsis(line, DESCRIPTION_WIDTH) : line,
    IsAutomated: flag('IsAutomated', automated),
    IsOfficial: flag('IsOfficial', official),
    Name: name,
    StarCount: `${stars}`,
  };
}
