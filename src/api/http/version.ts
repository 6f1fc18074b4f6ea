import { EngineError } from '../../errors.ts';

/** The versions of Docker's Engine API that are spoken: their minor numbers, of 1.24 to 1.51. */
export const OLDEST_VERSION = 24;
export const NEWEST_VERSION = 51;

/** `/v1.41/info` → 41 and `/info`; without a version it is the newest, as with Docker. Throws `invalid` for another one. */
export function splitVersion(path: string): { version: number; rest: string } {
  const [, text, rest = ''] = /^\/v(\d+(?:\.\d+)*)(\/.*)$/.exec(path) ?? [];
  if (text === undefined) return { version: NEWEST_VERSION, rest: path };
  const [, major, minor] = /^(\d{1,4})\.(\d{1,4})$/.exec(text) ?? [];
  if (major === undefined) throw new EngineError('invalid', `"${text}" is no version of the API`);
  const [generation, version] = [Number(major), Number(minor)];
  if (generation < 1 || (generation === 1 && version < OLDEST_VERSION)) {
    throw new EngineError(
      'invalid',
      `client version ${text} is too old. Minimum supported API version is 1.${OLDEST_VERSION}, please upgrade your client to a newer version`,
    );
  }
  if (generation > 1 || version > NEWEST_VERSION) {
    throw new EngineError(
      'invalid',
      `client version ${text} is too new. Maximum supported API version is 1.${NEWEST_VERSION}`,
    );
  }
  return { version, rest };
}
