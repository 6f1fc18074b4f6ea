import type { Command } from 'commander';
import type { HistoryStep } from '../../../engine/images/history.ts';
import { ago } from '../../../grammar/time-text.ts';
import type { Session } from '../../command/session.ts';
import { booleanSwitch } from '../../options/boolean-switch.ts';
import { acceptSwitchValues } from '../../options/switches.ts';
import { print } from '../../output/print.ts';
import { type Fields, parseTemplate } from '../../template/template.ts';
import { ellipsis, shortId } from '../../text/ids.ts';
import { humanSize } from '../../text/units.ts';

interface Flags {
  format?: string;
  human: boolean;
  quiet?: boolean;
  trunc: boolean;
}

/** The fields of `history --format`, with Docker's headers. */
const HEADERS = {
  Comment: 'COMMENT',
  CreatedAt: 'CREATED AT',
  CreatedBy: 'CREATED BY',
  CreatedSince: 'CREATED',
  ID: 'IMAGE',
  Size: 'SIZE',
};

const TABLE = 'table {{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}';
const TABLE_OF_MACHINES = 'table {{.ID}}\t{{.CreatedAt}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}';
const CREATED_BY_WIDTH = 45;
const MISSING = '<missing>';
const NEVER = 'N/A';

const EXAMPLES = `
Examples:
  skiff history busybox
  skiff history --no-trunc --format '{{.Size}} {{.CreatedBy}}' busybox`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<image>', 'a reference or id')
    .option('--format <template>', 'table, json, or a template such as "{{.CreatedBy}}"')
    .option(
      '-H, --human [boolean]',
      'sizes and times for people; with false bytes and dates',
      booleanSwitch('--human'),
      true,
    )
    .option('-q, --quiet', 'only ids')
    .option('--no-trunc', 'whole ids and commands')
    .addHelpText('after', EXAMPLES)
    .action((image: string, flags: Flags) => history(session(), image, flags));
  acceptSwitchValues(command, { interspersed: true });
}

async function history(session: Session, image: string, flags: Flags): Promise<void> {
  const { format = 'table', human, quiet = false, trunc } = flags;
  const table = human ? TABLE : TABLE_OF_MACHINES;
  const isTable = format === 'table' || format === '';
  const template = parseTemplate(quiet && isTable ? '{{.ID}}' : isTable ? table : format, HEADERS);
  const { images } = await session.engine();
  const steps = await images.history(image);
  print(template.render(steps.map((step) => fieldsOf(step, { human, trunc }))));
}

function fieldsOf(
  { id = MISSING, createdAt, createdBy, comment, size }: HistoryStep,
  { human, trunc }: { human: boolean; trunc: boolean },
): Fields {
  const by = createdBy.replaceAll('\t', ' ');
  return {
    Comment: comment,
    CreatedAt: createdAt === undefined ? NEVER : new Date(createdAt).toISOString().replace(/\.\d+Z$/, 'Z'),
    CreatedBy: trunc ? ellipsis(by, CREATED_BY_WIDTH) : by,
    CreatedSince: createdAt === undefined ? NEVER : ago(createdAt),
    ID: trunc && id !== MISSING ? shortId(id) : id,
    Size: human ? humanSize(size) : String(size),
  };
}
