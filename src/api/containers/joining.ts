import type { Engine } from '../../engine/engine.ts';
import type { StreamName } from '../../engine/options/client.ts';
import type { Waiting } from '../http/connections.ts';
import { shareStreams } from './shared-streams.ts';

const ALL: readonly StreamName[] = ['stdin', 'stdout', 'stderr'];

/**
 * Starts a container for those who have attached to it before: each gets its streams from the first byte on, and hears that
 * nothing comes when it cannot be started. The detach keys of one who is alone count; of several none could leave for itself.
 */
export async function joinWaiting(engine: Engine, id: string, waiting: readonly Waiting[]): Promise<void> {
  const [first, ...others] = waiting;
  if (first === undefined) return;
  try {
    if (others.length === 0) return first.joined(await engine.containers.startJoined(id, first.client));
    const wanted = waiting.map(({ client }) => client.streams ?? ALL);
    const streams = ALL.filter((name) => wanted.some((names) => names.includes(name)));
    const shared = shareStreams(
      await engine.containers.startJoined(id, { ...first.client, streams, detachKeys: '' }),
      wanted,
    );
    for (const [index, { joined }] of waiting.entries()) joined(shared[index]);
  } catch (error) {
    for (const { joined } of waiting) joined(undefined);
    throw error;
  }
}
