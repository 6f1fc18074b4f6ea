import { existsSync } from 'node:fs';
import { whileHeld } from '../../host/lock.ts';
import type { StorePaths } from '../../host/paths.ts';

/**
 * Runs `body` while this process counts as one that is on the store's networks (src/network/NETWORKS.md, "The last one out"):
 * nobody takes the default bridge or the firewall's table away meanwhile, and when it turns out to be the last one it does
 * so afterwards. Waits for one that is doing it. Not needed where a container is on networks anyway.
 */
export async function asNetworkUser<T>(
  { helper, paths: { lastOut, run } }: { helper: string; paths: Pick<StorePaths, 'lastOut' | 'run'> },
  body: () => Promise<T>,
): Promise<T> {
  if (lastOut === undefined || !existsSync(run)) return await body();
  return await whileHeld({ helper, words: ['network', lastOut, 'join'], file: run }, body);
}
