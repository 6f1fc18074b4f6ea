import type { Command } from 'commander';
import type { ListedImage } from '../../../engine/images/list.ts';
import type { Images } from '../../../engine/images.ts';
import type { ImageUsage } from '../../../engine/reports/disk-usage.ts';
import { familiarName } from '../../../engine/store/images.ts';
import { EngineError } from '../../../errors.ts';
import { collectFilter, type Filters } from '../../../grammar/filters.ts';
import { ago } from '../../../grammar/time-text.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';
import { type Fields, parseTemplate, type Template } from '../../template/template.ts';
import { repositoryAndTag, shortId } from '../../text/ids.ts';
import { localTime } from '../../text/local-time.ts';
import { humanSize } from '../../text/units.ts';

interface Flags {
  all?: boolean;
  digests?: boolean;
  filter?: Filters;
  format?: string;
  quiet?: boolean;
  tree?: boolean;
  trunc: boolean;
}

/** A line of the table: an image under one of its names. */
interface Line {
  repository: string;
  tag: string;
  digest: string;
}

const NONE = '<none>';

/** The fields of `images --format`, with Docker's headers. */
const HEADERS = {
  Containers: 'CONTAINERS',
  CreatedAt: 'CREATED AT',
  CreatedSince: 'CREATED',
  Digest: 'DIGEST',
  ID: 'IMAGE ID',
  Repository: 'REPOSITORY',
  SharedSize: 'SHARED SIZE',
  Size: 'SIZE',
  Tag: 'TAG',
  UniqueSize: 'UNIQUE SIZE',
  VirtualSize: 'SIZE',
};

const TABLE = 'table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}';
const TABLE_WITH_DIGESTS =
  'table {{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}';

const EXAMPLES = `
Examples:
  skiff images 'ghcr.io/*/*:latest'              those whose names fit
  skiff images --filter dangling=true -q         those without a tag
  skiff images --tree                            what stands under each name, and what of it is here
  skiff images --format '{{.Repository}}:{{.Tag}} {{.Size}}'
  skiff images --format 'table {{.Repository}}\\t{{.SharedSize}}\\t{{.UniqueSize}}\\t{{.Containers}}'

SharedSize, UniqueSize and Containers are those of skiff system df -v. They are looked up only when a template names them.`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('[name]', 'only images with this name; * and ? stand for any letters')
    .option('-a, --all', 'also those without a name that are in an index')
    .option('--digests', 'also the digests that registries know them by')
    .option(
      '-f, --filter <name=value>',
      'only those that fit: reference, label, dangling, before, since (repeatable)',
      collectFilter,
    )
    .option('--format <template>', 'table, json, or a template such as "{{.Repository}}:{{.Tag}}"')
    .option('-q, --quiet', 'only ids')
    .option('--no-trunc', 'whole ids')
    .option('--tree', 'below each name the platforms of its index')
    .addHelpText('after', EXAMPLES)
    .action((name: string | undefined, flags: Flags) => list(session(), name, flags));
}

async function list(session: Session, name: string | undefined, flags: Flags): Promise<void> {
  if (flags.tree === true) return await showTrees(session, name, flags);
  const template = templateOf(flags);
  const { images } = await session.engine();
  const filters = filtersOf(name, flags);
  const digests = flags.digests === true || template.fields.has('Digest');
  const listed = (await images.list(filters)).filter(({ isPart }) => flags.all === true || !isPart);
  const usage = await usageFor(template, images);
  print(
    template.render(
      listed.flatMap((image) =>
        linesOf(image, digests).map((line) =>
          fieldsOf(image, { line, usage: usage.get(image.image.id) }, flags),
        ),
      ),
    ),
  );
}

/** As with Docker the tree is one table for people, in one form. */
async function showTrees(session: Session, name: string | undefined, flags: Flags): Promise<void> {
  const { digests, format, quiet, trunc } = flags;
  const others = { digests, format, quiet, 'no-trunc': trunc ? undefined : true };
  const other = Object.entries(others).find(([, value]) => value !== undefined)?.[0];
  if (other !== undefined) throw new EngineError('invalid', `--tree does not go with --${other}`);
  const { images } = await session.engine();
  const { renderImageTrees } = await import('../../output/image-tree.ts');
  print(renderImageTrees(await images.trees(filtersOf(name, flags))));
}

function filtersOf(name: string | undefined, { filter }: Flags): Filters | undefined {
  return name === undefined ? filter : collectFilter(`reference=${name}`, filter);
}

/** The fields for which the store has to be measured: what `system df` says of an image. */
const MEASURED = ['Containers', 'SharedSize', 'UniqueSize'];
/** As `system df` has them. */
const DISK_DIGITS = 4;

/** By the images' ids; empty where no template asks for it. */
async function usageFor({ fields }: Template, images: Images): Promise<Map<string, ImageUsage>> {
  if (!MEASURED.some((name) => fields.has(name))) return new Map();
  return new Map((await images.usage()).map((usage) => [usage.image.id, usage]));
}

function templateOf({ format = 'table', digests, quiet }: Flags): Template {
  if (quiet === true && (format === 'table' || format === '')) return parseTemplate('{{.ID}}', HEADERS);
  if (format === 'table' || format === '')
    return parseTemplate(digests ? TABLE_WITH_DIGESTS : TABLE, HEADERS);
  return parseTemplate(format, HEADERS);
}

/**
 * Returns the lines of an image as Docker has them: one for each tag, and for each digest of it if digests are shown;
 * else one for each name without a tag.
 */
function linesOf({ names }: ListedImage, digests: boolean): Line[] {
  const known = new Map<string, string[]>();
  for (const name of names.digests.map(familiarName)) {
    const [repository = '', digest = ''] = name.split('@');
    known.set(repository, [...(known.get(repository) ?? []), digest]);
  }
  const tagged = names.tags.flatMap((name) => {
    const [repository, tag] = repositoryAndTag(familiarName(name));
    const own = digests ? (known.get(repository) ?? []) : [];
    return (own.length > 0 ? own : [NONE]).map((digest) => ({ repository, tag, digest }));
  });
  const withTags = new Set(tagged.map(({ repository }) => repository));
  const untagged = [...known]
    .filter(([repository]) => !withTags.has(repository))
    .flatMap(([repository, own]) =>
      (digests ? own : own.slice(0, 1)).map((digest) => ({ repository, tag: NONE, digest })),
    );
  const lines = [...tagged, ...untagged];
  return lines.length > 0 ? lines : [{ repository: NONE, tag: NONE, digest: NONE }];
}

function fieldsOf(
  { image, builtAt }: ListedImage,
  { line, usage }: { line: Line; usage: ImageUsage | undefined },
  { trunc }: Flags,
): Fields {
  return {
    Containers: usage === undefined ? 'N/A' : `${usage.containers}`,
    get CreatedAt() {
      return builtAt === undefined ? 'N/A' : localTime(builtAt);
    },
    CreatedSince: builtAt === undefined ? 'N/A' : ago(builtAt),
    Digest: line.digest,
    ID: trunc ? shortId(image.id) : image.id,
    Repository: line.repository,
    SharedSize: usage === undefined ? 'N/A' : humanSize(usage.shared, DISK_DIGITS),
    Size: humanSize(image.size),
    Tag: line.tag,
    UniqueSize: usage === undefined ? 'N/A' : humanSize(usage.unique, DISK_DIGITS),
    VirtualSize: humanSize(image.size),
  };
}
