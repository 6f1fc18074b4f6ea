import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { type ContainerRow, changeName } from './container-store.ts';
import type { Context } from './context.ts';
import { departedBefore } from './departures.ts';
import { appendContainerEvent, replaceEventAttributes } from './event-journal.ts';
import { checkName } from './names.ts';
import { isBeingStarted, statusOf } from './status.ts';

/**
 * Gives a container another name; whether it runs does not matter. Throws `invalid` for what is no name, or for the
 * name that it has, and `conflict` for that of another container, or while another command starts it.
 */
export function renameContainer(context: Context, row: ContainerRow, given: string): void {
  const name = given.replace(/^\//, '');
  checkName(name);
  if (name === row.name) {
    throw new EngineError('invalid', `container ${name} is called that already`, {
      subject: name,
      hint: 'choose another name',
    });
  }
  const { database, paths } = context;
  database.transaction(() => {
    // Its plan, with the name in it, is being written.
    if (statusOf(context, row).state === 'starting') throw isBeingStarted(row.name);
    changeName(database, row, name, (holder) => departedBefore(context, holder));
  });
  replaceEventAttributes(join(paths.run, row.id), { ...row, name });
  appendContainerEvent(context, { ...row, name }, 'rename', { oldName: `/${row.name}` });
}
