import type { Context } from '../store/context.ts';
import { appendEvent } from './journal.ts';

/** Notes what happened to a volume: `create`, `destroy`; with `more` attributes also `mount`, `unmount`. */
export function appendVolumeEvent(
  context: Context,
  name: string,
  action: string,
  more: Readonly<Record<string, string>> = {},
): void {
  appendEvent(context, { type: 'volume', action, id: name, attributes: { driver: 'local', ...more } });
}
