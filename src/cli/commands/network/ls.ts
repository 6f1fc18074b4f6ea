import type { Command } from 'commander';
import type { NetworkInfo } from '../../../engine/options/network.ts';
import { collectFilter, type Filters } from '../../../grammar/filters.ts';
import { networkFilters } from '../../../grammar/network-filters.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';
import { type Fields, type Headers, parseTemplate, type Template } from '../../template/template.ts';
import { shortId } from '../../text/ids.ts';
import { labelHeader, labelsText } from '../../text/labels-text.ts';
import { localTime } from '../../text/local-time.ts';

interface Flags {
  filter?: Filters;
  format?: string;
  quiet?: boolean;
  trunc: boolean;
}

/** The fields of `network ls --format`, with Docker's headers. */
const HEADERS = {
  CreatedAt: 'CREATED AT',
  Driver: 'DRIVER',
  ID: 'NETWORK ID',
  IPv4: 'IPV4',
  IPv6: 'IPV6',
  Internal: 'INTERNAL',
  Label: labelHeader,
  Labels: 'LABELS',
  Name: 'NAME',
  Scope: 'SCOPE',
} satisfies Headers;

const TABLE = 'table {{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}';
const RAW = 'network_id: {{.ID}}\nname: {{.Name}}\ndriver: {{.Driver}}\nscope: {{.Scope}}\n';

const EXAMPLES = `
Examples:
  skiff network ls
  skiff network ls --filter type=custom --filter label=app    all filters must fit; of one name any value
  skiff network ls --filter dangling=true -q                  those that no container is on
  skiff network ls --format '{{.Name}}: {{.Driver}} {{.IPv6}}'`;

export function define(command: Command, session: () => Session): void {
  command
    .option(
      '-f, --filter <name=value>',
      'only those that fit: driver, id, name, scope, type, label, dangling (repeatable)',
      collectFilter,
    )
    .option('--format <template>', 'table, json, or a template such as "{{.Name}}: {{.Driver}}"')
    .option('--no-trunc', 'whole ids')
    .option('-q, --quiet', 'only ids')
    .addHelpText('after', EXAMPLES)
    .action((flags: Flags) => list(session(), flags));
}

async function list(session: Session, flags: Flags): Promise<void> {
  const template = templateOf(flags);
  const filters = networkFilters(flags.filter ?? new Map());
  const { networks } = await session.engine();
  const listed = await networks.list(filters);
  print(template.render(listed.map((network) => fieldsOf(network, flags))));
}

function templateOf({ format = 'table', quiet }: Flags): Template {
  if (format === 'table' || format === '') return parseTemplate(quiet ? '{{.ID}}' : TABLE, HEADERS);
  if (format === 'raw') return parseTemplate(quiet ? 'network_id: {{.ID}}' : RAW, HEADERS);
  return parseTemplate(format, HEADERS);
}

function fieldsOf(network: NetworkInfo, { trunc }: Flags): Fields {
  return {
    get CreatedAt() {
      return localTime(network.createdAt);
    },
    Driver: network.driver,
    ID: trunc ? shortId(network.id) : network.id,
    IPv4: String(network.ipv4),
    IPv6: String(network.ipv6),
    Internal: String(network.internal),
    Label: (name: string) => network.labels[name] ?? '',
    get Labels() {
      return labelsText(network.labels);
    },
    Name: network.name,
    Scope: 'local',
  };
}
