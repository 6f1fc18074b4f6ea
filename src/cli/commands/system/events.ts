import type { Command } from 'commander';
import { collectFilter, type Filters } from '../../../grammar/filters.ts';
import { moment } from '../../../grammar/moment.ts';
import type { Session } from '../../command/session.ts';
import { EventFormat } from '../../output/event-lines.ts';
import { print } from '../../output/print.ts';

interface Flags {
  since?: bigint;
  until?: bigint;
  filter?: Filters;
  format?: string;
}

const EXAMPLES = `
Examples:
  skiff events                                              until Ctrl-C
  skiff events --since 1h --until 0s                        the last hour
  skiff events --filter container=web --filter event=die
  skiff events --format '{{.Time}} {{.Action}} {{.Actor.Attributes.name}}'
  skiff events --format json`;

export function define(command: Command, session: () => Session): void {
  command
    .option(
      '--since <time>',
      'also what happened since then: a time, or how long ago (10m)',
      moment('--since'),
    )
    .option('--until <time>', 'end there: a time, or how long ago', moment('--until'))
    .option(
      '-f, --filter <key=value>',
      'only some: container, event, image, label, name, network, type, … (repeatable)',
      collectFilter,
    )
    .option('--format <template>', 'json, or a template such as "{{.Type}} {{.Action}}"')
    .addHelpText('after', EXAMPLES)
    .action((flags: Flags) => events(session(), flags));
}

async function events(session: Session, { since, until, filter: filters, format }: Flags): Promise<void> {
  const lines = new EventFormat(format);
  const engine = await session.engine();
  using reader = await engine.watchReader();
  const request = { since, until, filters, signal: reader.signal };
  for await (const event of await engine.events(request)) print(lines.render(event));
}
