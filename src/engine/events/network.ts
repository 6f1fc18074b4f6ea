import type { NetworkDefinition } from '../../network/address/definition.ts';
import type { Context } from '../store/context.ts';
import { appendEvent } from './journal.ts';

/** Notes what happened to a network: `create`, `destroy`; endpoints tell of `connect` and `disconnect` themselves. */
export function appendNetworkEvent(context: Context, network: NetworkDefinition, action: string): void {
  appendEvent(context, { type: 'network', action, id: network.id, attributes: networkAttributes(network) });
}

/** Returns the attributes of every event of a network. */
export function networkAttributes({ name, driver }: NetworkDefinition): Record<string, string> {
  return { name, type: driver };
}
