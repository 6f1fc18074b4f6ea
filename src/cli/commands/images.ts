import type { Command } from 'commander';
import { familiarName } from '../../engine/image-store.ts';
import type { NamedImage } from '../../engine/images.ts';
import { parseImageConfig } from '../../oci/image-config.ts';
import { shortId } from '../output/ids.ts';
import { print } from '../output/print.ts';
import { renderTable } from '../output/table.ts';
import { ago } from '../output/time.ts';
import { humanSize } from '../output/units.ts';
import type { Session } from '../session.ts';

interface Flags {
  digests?: boolean;
  quiet?: boolean;
  trunc: boolean;
}

/** One line of the table: an image under one of its names. */
interface Line {
  repository: string;
  tag: string;
  digest: string;
}

const NONE = '<none>';

export function define(command: Command, session: () => Session): void {
  command
    .option('--digests', 'also the digests that registries know them by')
    .option('-q, --quiet', 'only ids')
    .option('--no-trunc', 'whole ids')
    .action((flags: Flags) => list(session(), flags));
}

async function list(session: Session, { digests, quiet, trunc }: Flags): Promise<void> {
  const { images } = await session.engine();
  const all = images.list();
  if (quiet === true) {
    print(all.map(({ image }) => `${trunc ? shortId(image.id) : image.id}\n`).join(''));
    return;
  }
  const headers = ['REPOSITORY', 'TAG', ...(digests ? ['DIGEST'] : []), 'IMAGE ID', 'CREATED', 'SIZE'];
  const rows = all.flatMap((named) =>
    linesOf(named).map(({ repository, tag, digest }) => [
      repository,
      tag,
      ...(digests ? [digest] : []),
      trunc ? shortId(named.image.id) : named.image.id,
      created(named),
      humanSize(named.image.size),
    ]),
  );
  print(renderTable(headers, rows));
}

function linesOf({ names }: NamedImage): Line[] {
  const digestOf = new Map(names.digests.map((name) => splitAt(familiarName(name), '@')));
  const tagged = names.tags.map((name) => {
    const [repository, tag] = splitAt(familiarName(name), ':');
    return { repository, tag, digest: digestOf.get(repository) ?? NONE };
  });
  if (tagged.length > 0) return tagged;
  const untagged = [...digestOf].map(([repository, digest]) => ({ repository, tag: NONE, digest }));
  return untagged.length > 0 ? untagged : [{ repository: NONE, tag: NONE, digest: NONE }];
}

function splitAt(name: string, separator: '@' | ':'): [string, string] {
  const index = name.lastIndexOf(separator);
  return separator === '@'
    ? [name.slice(0, name.indexOf('@')), name.slice(name.indexOf('@') + 1)]
    : [name.slice(0, index), name.slice(index + 1)];
}

function created({ image }: NamedImage): string {
  const time = Date.parse(parseImageConfig(Buffer.from(image.config)).created ?? '');
  return Number.isNaN(time) ? 'N/A' : ago(time);
}
