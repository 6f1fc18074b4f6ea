import { EngineError } from '../errors.ts';
import { type ContainerRow, changeName } from './container-store.ts';
import type { Context } from './context.ts';
import { appendContainerEvent } from './event-journal.ts';
import { checkName } from './names.ts';
import { statusOf } from './status.ts';

/**
 * Gives a container another name; whether it runs does not matter. Throws `invalid` for what is no name, or for the
 * name that it has, and `conflict` for that of another container.
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
  const { database } = context;
  database.transaction(() =>
    changeName(database, row, name, (holder) => statusOf(context, holder).state === 'gone'),
  );
  appendContainerEvent(context, { ...row, name }, 'rename', { oldName: `/${row.name}` });
}
