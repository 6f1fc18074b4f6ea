import type { Command } from 'commander';
import type { Observed } from '../../engine/state/observe.ts';
import { EngineError } from '../../errors.ts';
import { collectFilter, type Filters } from '../../grammar/filters.ts';
import { WrongUsage } from '../command/exit-code.ts';
import type { Session } from '../command/session.ts';

const LATEST = 'the container that was created last';

/** Ways to say which containers a command is about, besides naming them. */
export interface SelectionFlags {
  all?: boolean;
  filter?: Filters;
  latest?: boolean;
}

/**
 * The operands of a command, and Podman's options in their place. `all` says what they are when it may be all;
 * `shortAll` is false where `-a` is another option.
 */
export function addSelection(
  command: Command,
  { all, shortAll = true }: { all?: string; shortAll?: boolean } = {},
): void {
  command.argument('[container...]', 'names or ids');
  if (all !== undefined) {
    command
      .option(shortAll ? '-a, --all' : '--all', all)
      .option(
        '--filter <key=value>',
        'of these only those that ps --filter shows (repeatable)',
        collectFilter,
      );
  }
  addLatest(command);
}

/**
 * The containers that are meant: names as they were given, else ids. `fits` says which ones `--all` and `--filter` mean.
 * Throws `WrongUsage` when nothing is meant, `invalid` for two things, and `notFound` for the latest of none.
 */
export async function selected(
  session: Session,
  names: readonly string[],
  flags: SelectionFlags,
  fits: (container: Observed) => boolean = () => true,
): Promise<readonly string[]> {
  const { all = false, latest = false, filter: filters } = flags;
  const several = all || filters !== undefined;
  const ways = [names.length > 0 && 'names', several && (all ? '--all' : '--filter'), latest && '--latest'];
  const used = ways.filter((way) => way !== false);
  if (used.length === 0) throw new WrongUsage('no container is named', 'give names or ids, or use --latest');
  if (used.length > 1) {
    throw new EngineError('invalid', `${used.join(' and ')} cannot be used together`, {
      hint: 'use one way to say which containers are meant',
    });
  }
  if (names.length > 0) return names;
  if (latest) return [await latestContainer(session)];
  const { containers } = await session.engine();
  return (await containers.list({ all: true, filters })).filter(fits).map(({ row }) => row.id);
}

/** The id of the container that was created last. Throws `notFound` when there is none. */
export async function latestContainer(session: Session): Promise<string> {
  const { containers } = await session.engine();
  const [newest] = await containers.list({ all: true, limit: 1 });
  if (newest !== undefined) return newest.row.id;
  throw new EngineError('notFound', 'there is no container, so none is the latest', { subject: '--latest' });
}

/** Podman's option of commands that are about one container. */
export function addLatest(command: Command): void {
  command.option('-l, --latest', LATEST);
}

/** Whether a container has processes, or will have again without anybody's doing. */
export function isActive({ status }: Observed): boolean {
  return status.state !== 'created' && status.state !== 'exited';
}

export function isPaused({ status }: Observed): boolean {
  return status.state === 'running' && status.paused === true;
}
