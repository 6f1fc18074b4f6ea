import type { Command } from 'commander';
import { summarizeDisk } from '../../../engine/reports/disk-summary.ts';
import type { DiskUsage } from '../../../engine/reports/disk-usage.ts';
import { EngineError } from '../../../errors.ts';
import type { Session } from '../../command/session.ts';
import { diskSections, SUMMARY_HEADERS, summaryFields } from '../../output/disk-usage.ts';
import { print } from '../../output/print.ts';
import { parseObjectTemplate, parseTemplate } from '../../template/template.ts';

interface Flags {
  format?: string;
  verbose?: boolean;
}

const SUMMARY = 'table {{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}';

const EXAMPLES = `
Sizes are what the file system has set aside, in blocks, for files and directories: less than the bytes in files with
holes, more than those in small ones. Every file is counted once, and -v explains every byte below the root of the store.
What is shared is a layer or a blob that several images have. The size of an image is its layers and the blobs that it
came as; that of a container is what it has written, its logs and its own files, without its snapshots. Volumes that are
mounted from elsewhere are not listed. Reclaimable is, as with Docker, of images all but what those with containers share
with no other one, of containers those that do not run, of volumes those that no container uses.

Examples:
  skiff system df
  skiff system df -v                                          each image, container and volume, and all else
  skiff system df --format '{{.Type}}: {{.Reclaimable}}'
  skiff system df -v --format '{{.Bytes.Total}}'              Images, Containers, Volumes, BuildCache, Other, Bytes`;

export function define(command: Command, session: () => Session): void {
  command
    .option('--format <template>', 'table, json, or a template such as "{{.Type}}: {{.Size}}"')
    .option('-v, --verbose', 'each image, container and volume, and whatever else lies in the store')
    .addHelpText('after', EXAMPLES)
    .action((flags: Flags) => diskFree(session(), flags));
}

async function diskFree(session: Session, { format = 'table', verbose }: Flags): Promise<void> {
  const render = verbose === true ? verboseRenderer(format) : summaryRenderer(format);
  const engine = await session.engine();
  print(render(await engine.diskUsage()));
}

type Renderer = (usage: DiskUsage) => string;

function summaryRenderer(format: string): Renderer {
  const template = parseTemplate(isTable(format) ? SUMMARY : format, SUMMARY_HEADERS);
  return (usage) => template.render(summarizeDisk(usage).map(summaryFields));
}

/** Throws `invalid` for a table of one's own: there are several. */
function verboseRenderer(format: string): Renderer {
  if (isTable(format)) return verboseText;
  if (/^table\s/.test(format))
    throw new EngineError('invalid', "--format cannot be a table of one's own together with --verbose", {
      subject: format,
      hint: 'give a template without the word table, json, or no --verbose',
    });
  const template = parseObjectTemplate(format === 'json' ? '{{json .}}' : format);
  return (usage) => template.render(verboseObject(usage));
}

function isTable(format: string): boolean {
  return format === 'table' || format === '';
}

function verboseText(usage: DiskUsage): string {
  return diskSections(usage)
    .map(({ title, table, headers, rows }) => `${title}\n\n${parseTemplate(table, headers).render(rows)}`)
    .join('\n');
}

/** What a template of `--verbose` works on: a list for each section, in Docker's fields, and the exact sizes. */
function verboseObject(usage: DiskUsage): object {
  const sizes = summarizeDisk(usage);
  const bytes = Object.fromEntries(
    sizes.map(({ type, size }) => [type.replace('Local ', '').replace(' ', ''), size]),
  );
  const other = usage.other.reduce((sum, { size }) => sum + size, 0);
  return {
    ...Object.fromEntries(diskSections(usage).map(({ name, rows }) => [name, rows])),
    Bytes: { ...bytes, Other: other, Total: usage.total },
  };
}
