import type { Command } from 'commander';
import type { VolumeInfo } from '../../../engine/options/volume.ts';
import { collectFilter, type Filters } from '../../../grammar/filters.ts';
import { volumeFilters } from '../../../grammar/volume-filters.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';
import { type Fields, type Headers, parseTemplate, type Template } from '../../template/template.ts';
import { labelHeader, labelsText } from '../../text/labels-text.ts';
import { localTime } from '../../text/local-time.ts';

interface Flags {
  filter?: Filters;
  format?: string;
  quiet?: boolean;
}

/** The fields of `volume ls --format`, with Docker's headers, and Podman's `Anonymous` and `CreatedAt`. */
const HEADERS = {
  Anonymous: 'ANONYMOUS',
  Availability: 'AVAILABILITY',
  CreatedAt: 'CREATED AT',
  Driver: 'DRIVER',
  Group: 'GROUP',
  Label: labelHeader,
  Labels: 'LABELS',
  Links: 'LINKS',
  Mountpoint: 'MOUNTPOINT',
  Name: 'VOLUME NAME',
  Scope: 'SCOPE',
  Size: 'SIZE',
  Status: 'STATUS',
} satisfies Headers;

const TABLE = 'table {{.Driver}}\t{{.Name}}';
const RAW = 'name: {{.Name}}\ndriver: {{.Driver}}\n';

const EXAMPLES = `
Examples:
  skiff volume ls
  skiff volume ls --filter dangling=true -q                    those that no container uses
  skiff volume ls --filter label=app --filter name=data        all filters must fit; of one name any value
  skiff volume ls --format '{{.Name}}: {{.Mountpoint}}'`;

export function define(command: Command, session: () => Session): void {
  command
    .option(
      '-f, --filter <name=value>',
      'only those that fit: driver, name, label, dangling (repeatable)',
      collectFilter,
    )
    .option('--format <template>', 'table, json, or a template such as "{{.Name}}: {{.Mountpoint}}"')
    .option('-q, --quiet', 'only names')
    .addHelpText('after', EXAMPLES)
    .action((flags: Flags) => list(session(), flags));
}

async function list(session: Session, flags: Flags): Promise<void> {
  const template = templateOf(flags);
  const filters = volumeFilters(flags.filter ?? new Map());
  const { volumes } = await session.engine();
  const listed = await volumes.list(filters);
  print(template.render(listed.map(fieldsOf)));
}

function templateOf({ format = 'table', quiet }: Flags): Template {
  if (format === 'table' || format === '') return parseTemplate(quiet ? '{{.Name}}' : TABLE, HEADERS);
  if (format === 'raw') return parseTemplate(quiet ? 'name: {{.Name}}' : RAW, HEADERS);
  return parseTemplate(format, HEADERS);
}

/** Docker counts neither links nor bytes here; of a cluster there is nothing to say. */
const NOT_COUNTED = 'N/A';

function fieldsOf(volume: VolumeInfo): Fields {
  return {
    Anonymous: String(volume.anonymous),
    Availability: NOT_COUNTED,
    get CreatedAt() {
      return localTime(volume.createdAt);
    },
    Driver: volume.driver,
    Group: NOT_COUNTED,
    Label: (name: string) => volume.labels[name] ?? '',
    get Labels() {
      return labelsText(volume.labels);
    },
    Links: NOT_COUNTED,
    Mountpoint: volume.mountPoint,
    Name: volume.name,
    Scope: 'local',
    Size: NOT_COUNTED,
    Status: NOT_COUNTED,
  };
}
