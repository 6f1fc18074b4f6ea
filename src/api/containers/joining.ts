import type { Engine } from '../../engine/engine.ts';
import type { Waiting } from '../http/connections.ts';

/**
 * Starts a container for those who have attached to it before. The first of them gets its streams from the first byte on, the
 * others from right after its start.
 */
export async function joinWaiting(engine: Engine, id: string, [first, ...others]: Waiting[]): Promise<void> {
  if (first === undefined) return;
  first.joined(await engine.containers.startJoined(id, first.client));
  for (const other of others) other.joined(await engine.containers.join(id, other.client));
}
