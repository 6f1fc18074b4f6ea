import { isDeepStrictEqual } from 'node:util';
import type { ContainerChanges } from '../../engine/lifecycle/update.ts';
import type { JsonObject } from '../http/json.ts';
import { restartPolicy } from './container.ts';
import { changeableResources } from './host-config.ts';
import { checkUnread, saysNothing, UNREAD_RESOURCES } from './unread.ts';

/** What a container has of Docker's Resources for as long as it is there. Docker passes over them in an update. */
const AS_MADE = [
  'BlkioDeviceReadBps',
  'BlkioDeviceReadIOps',
  'BlkioDeviceWriteBps',
  'BlkioDeviceWriteIOps',
  'BlkioWeightDevice',
  'CgroupParent',
  'DeviceCgroupRules',
  'DeviceRequests',
  'Devices',
  'Init',
  'MemorySwappiness',
  'OomKillDisable',
  'Ulimits',
] as const;

/** Reads the limits and the restart policy of Docker's ContainerUpdate. Throws `invalid`. */
export function containerChanges(request: JsonObject): ContainerChanges {
  checkUnread(request, UNREAD_RESOURCES);
  return {
    ...changeableResources(request),
    // Here 0 is no limit, and only what is absent stays.
    pidsLimit: request.number('PidsLimit') === 0 ? -1 : request.number('PidsLimit'),
    restart: restartPolicy(request.object('RestartPolicy')),
  };
}

/**
 * Sees to it that what cannot be changed is asked for as it is, as clients do that send back what inspect has told.
 * `hostConfig` tells it, and is called only where something is said. Throws `invalid`.
 */
export async function checkAsMade(
  request: JsonObject,
  hostConfig: () => Promise<Readonly<Record<string, unknown>>>,
): Promise<void> {
  const said = AS_MADE.filter((name) => saysMore(request.raw(name)));
  if (said.length === 0) return;
  const now = await hostConfig();
  for (const name of said)
    if (!isDeepStrictEqual(request.raw(name), now[name] ?? false))
      throw request.refusal(name, 'update does not change it', 'a container keeps what it was made with');
}

/** A flag says something also when it is false, and a number, which is there for swappiness only, unless it is -1. */
function saysMore(value: unknown): boolean {
  if (typeof value === 'boolean') return true;
  return typeof value === 'number' ? value !== -1 : !saysNothing(value);
}
