import type { Command } from 'commander';
import type { SnapshotInfo } from '../../../engine/options/snapshot.ts';
import { EngineError } from '../../../errors.ts';
import { collectFilter, type Filters } from '../../../grammar/filters.ts';
import { ago } from '../../../grammar/time-text.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';
import { type Fields, type Headers, parseTemplate, type Template } from '../../template/template.ts';
import { shortId } from '../../text/ids.ts';
import { localTime } from '../../text/local-time.ts';
import { humanSize } from '../../text/units.ts';

interface Flags {
  filter?: Filters;
  format?: string;
  quiet?: boolean;
}

const HEADERS = {
  Container: 'CONTAINER',
  ContainerID: 'CONTAINER ID',
  CreatedAt: 'CREATED AT',
  CreatedSince: 'CREATED',
  Kind: 'KIND',
  Name: 'NAME',
  Size: 'SIZE',
  Snapshot: 'SNAPSHOT',
} satisfies Headers;

const TABLE = 'table {{.Container}}\t{{.Name}}\t{{.CreatedSince}}\t{{.Size}}';

const EXAMPLES = `
The size is what a snapshot alone takes on the disk: blocks that it shares with other files do not count.

Examples:
  skiff snapshot ls
  skiff snapshot ls -q web                                        web@NAME for each, newest first
  skiff snapshot ls --filter container=web --filter container=db
  skiff snapshot ls --format '{{.Snapshot}}: {{.Kind}}'           asked, start or undo: why it was made`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('[container]', 'a name or id; all when absent')
    .option('-f, --filter <name=value>', 'only those that fit: container (repeatable)', collectFilter)
    .option('--format <template>', 'table, json, or a template such as "{{.Snapshot}}: {{.Size}}"')
    .option('-q, --quiet', 'only CONTAINER@NAME')
    .addHelpText('after', EXAMPLES)
    .action((container: string | undefined, flags: Flags) => list(session(), container, flags));
}

async function list(session: Session, container: string | undefined, flags: Flags): Promise<void> {
  const template = templateOf(flags);
  const names = [...(container === undefined ? [] : [container]), ...containersOf(flags.filter)];
  const { containers } = await session.engine();
  const listed = await containers.snapshots(names.length === 0 ? undefined : names);
  print(template.render(listed.map(fieldsOf)));
}

function containersOf(filters: Filters = new Map()): readonly string[] {
  for (const name of filters.keys()) {
    if (name === 'container') continue;
    throw new EngineError('invalid', `invalid filter '${name}'`, {
      subject: name,
      hint: 'the filter is container',
    });
  }
  return filters.get('container') ?? [];
}

function templateOf({ format = 'table', quiet }: Flags): Template {
  if (format === 'table' || format === '') return parseTemplate(quiet ? '{{.Snapshot}}' : TABLE, HEADERS);
  return parseTemplate(format, HEADERS);
}

function fieldsOf({ container, name, kind, createdAt, bytes }: SnapshotInfo): Fields {
  return {
    Container: container.name,
    ContainerID: shortId(container.id),
    get CreatedAt() {
      return localTime(createdAt);
    },
    get CreatedSince() {
      return ago(createdAt);
    },
    Kind: kind,
    Name: name,
    Size: humanSize(bytes),
    Snapshot: `${container.name}@${name}`,
  };
}
