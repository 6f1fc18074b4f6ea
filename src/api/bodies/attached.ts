import type { StreamName } from '../../engine/options/client.ts';
import type { JsonObject } from '../http/json.ts';

const MEMBERS: Readonly<Record<StreamName, string>> = {
  stdin: 'AttachStdin',
  stdout: 'AttachStdout',
  stderr: 'AttachStderr',
};

/** Reads which streams whoever creates a container or a process will take part in. */
export function attachedStreams(config: JsonObject): StreamName[] {
  return (['stdin', 'stdout', 'stderr'] as const).filter((stream) => config.flag(MEMBERS[stream]));
}
