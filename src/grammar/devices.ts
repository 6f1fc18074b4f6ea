import type { DeviceMapping } from '../engine/options/create.ts';
import { EngineError } from '../errors.ts';

const EVERYTHING = 'rwm';

/**
 * `--device HOST[:CONTAINER[:rwm]]` as Docker reads it: with two parts the second is the access when it can be one
 * (`/dev/fuse:rw`). Throws `invalid`; whether there is such a device is for the engine to say.
 */
export function parseDevice(text: string): DeviceMapping {
  const [host = '', second, third, ...rest] = text.split(':');
  const isAccess = third === undefined && second !== undefined && canBeAccess(second);
  const container = second === undefined || isAccess ? host : second;
  const access = third ?? (isAccess ? second : EVERYTHING);
  if (rest.length > 0 || !canBeAccess(access))
    throw deviceError(text, 'write HOST[:CONTAINER[:rwm]], with r, w and m for read, write and mknod');
  if (!host.startsWith('/') || !container.startsWith('/')) throw deviceError(text, 'its paths are absolute');
  return { host: normal(host), container: normal(container), access };
}

/** Whether a text can be the access to a device: some of r, w and m, each once. */
function canBeAccess(text: string): boolean {
  return /^[rwm]{1,3}$/.test(text) && new Set(text).size === text.length;
}

/** Removes what a path does not need: doubled and final slashes, `.` and `..`. */
function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function deviceError(text: string, hint: string): EngineError {
  return new EngineError('invalid', `invalid device: "${text}"`, { subject: text, hint });
}
