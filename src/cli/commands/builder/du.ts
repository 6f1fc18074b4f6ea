import type { Command } from 'commander';
import type { CacheUsage } from '../../../engine/build/cache-usage.ts';
import { ago } from '../../../grammar/time-text.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';
import { type Fields, type Headers, parseTemplate } from '../../template/template.ts';
import { shortId } from '../../text/ids.ts';
import { localTime } from '../../text/local-time.ts';
import { humanSize } from '../../text/units.ts';

interface Flags {
  format?: string;
  verbose?: boolean;
}

const HEADERS = {
  CreatedAt: 'CREATED AT',
  Description: 'DESCRIPTION',
  ID: 'ID',
  InUse: 'IN USE',
  LastUsedSince: 'LAST ACCESSED',
  Reclaimable: 'RECLAIMABLE',
  Shared: 'SHARED',
  Size: 'SIZE',
  UsageCount: 'USAGE',
} satisfies Headers;

const TABLE = 'table {{.ID}}\t{{.Reclaimable}}\t{{.Size}}\t{{.LastUsedSince}}';
const VERBOSE = `${TABLE}\t{{.UsageCount}}\t{{.Shared}}\t{{.Description}}`;

const EXAMPLES = `
Examples:
  skiff builder du
  skiff builder du --verbose                                what each of it is
  skiff builder du --format '{{.ID}}: {{.Description}}'`;

export function define(command: Command, session: () => Session): void {
  command
    .option('--format <template>', 'table, json, or a template such as "{{.ID}}: {{.Size}}"')
    .option('--verbose', 'also what each of it is')
    .addHelpText('after', EXAMPLES)
    .action((flags: Flags) => diskUsage(session(), flags));
}

async function diskUsage(session: Session, { format = 'table', verbose = false }: Flags): Promise<void> {
  const isTable = format === 'table' || format === '';
  const template = parseTemplate(isTable ? (verbose ? VERBOSE : TABLE) : format, HEADERS);
  const { builder } = await session.engine();
  const usages = await builder.usage();
  print(template.render(usages.map(fieldsOf)));
  if (!isTable) return;
  const reclaimable = usages.filter(isReclaimable);
  print(`Reclaimable:\t${humanSize(sum(reclaimable))}\nTotal:\t\t${humanSize(sum(usages))}\n`);
}

function isReclaimable({ inUse, shared }: CacheUsage): boolean {
  return !inUse && !shared;
}

function sum(usages: readonly CacheUsage[]): number {
  return usages.reduce((total, { size }) => total + size, 0);
}

function fieldsOf(usage: CacheUsage): Fields {
  const { entry, size, inUse, shared } = usage;
  return {
    CreatedAt: localTime(entry.createdAt),
    Description: entry.description,
    ID: shortId(entry.key),
    InUse: String(inUse),
    LastUsedSince: ago(entry.usedAt),
    Reclaimable: String(isReclaimable(usage)),
    Shared: String(shared),
    Size: humanSize(size),
    UsageCount: String(entry.uses),
  };
}
