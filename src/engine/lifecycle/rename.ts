import { EngineError } from '../../errors.ts';
import { appendContainerEvent, replaceEventAttributes } from '../events/journal.ts';
import { checkName } from '../options/container-name.ts';
import { departedBefore } from '../state/departures.ts';
import { isBeingStarted, statusOf } from '../state/status.ts';
import { type ContainerRow, changeName, containerById, noSuchContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';

/**
 * Gives a container another name; whether it runs does not matter. Throws `invalid` for what is no name, or for the
 * name that it has, `conflict` for that of another container, or while another command starts it, and `notFound` once it
 * is removed.
 */
export function renameContainer(context: Context, row: ContainerRow, given: string): void {
  const name = given.replace(/^\//, '');
  checkName(name);
  const { database } = context;
  const before = database.transaction(() => {
    // As it is now: another command may have renamed it since it was found.
    const current = containerById(database, row.id);
    const state = current && statusOf(context, current).state;
    if (current === undefined || state === 'gone') throw noSuchContainer(database, row.name);
    if (name === current.name) throw calledSo(name);
    // Its plan, with the name in it, is being written.
    if (state === 'starting') throw isBeingStarted(row.name);
    changeName(database, current, name, (holder) => departedBefore(context, holder));
    // Here, so that the last one to rename it is the last one to say so.
    replaceEventAttributes(context, { ...current, name });
    return current;
  });
  appendContainerEvent(context, { ...before, name }, 'rename', { oldName: `/${before.name}` });
}

function calledSo(name: string): EngineError {
  return new EngineError('invalid', `container ${name} is called that already`, {
    subject: name,
    failure: 'sameContainerName',
    hint: 'choose another name',
  });
}
