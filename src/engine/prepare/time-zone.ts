import { readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { EngineError } from '../../errors.ts';

const ZONES = '/usr/share/zoneinfo';
const LOCAL = '/etc/localtime';

/** The first bytes of a time zone's file (RFC 9636, 3.1). */
const MAGIC = 'TZif';

/**
 * The file of a time zone: `Europe/Berlin` of the host's zoneinfo, or `local` for the host's own. Only it is set, as
 * in Podman: a TZ variable would be of no use to a program without a zoneinfo of its own.
 * Throws `invalid` for a name that is none.
 */
export function readTimeZone(name: string, { zones = ZONES, local = LOCAL } = {}): Uint8Array {
  // A host without the file is in UTC (localtime(5)).
  const files = name === 'local' ? [local, join(zones, 'UTC')] : [fileOf(name, zones)];
  const content = files.map(readZone).find((each) => each !== undefined);
  if (content !== undefined) return content;
  throw new EngineError('invalid', `unknown time zone "${name}"`, {
    subject: name,
    hint: `names are those of the files below ${zones} on this host, as in Europe/Berlin`,
  });
}

/** A path that stays below the zones; anything else names a file that is not there. */
function fileOf(name: string, zones: string): string {
  const path = normalize(join(zones, name));
  return path.startsWith(`${zones}/`) ? path : '';
}

function readZone(file: string): Uint8Array | undefined {
  try {
    const content = readFileSync(file);
    return content.subarray(0, MAGIC.length).toString('latin1') === MAGIC ? content : undefined;
  } catch {
    return undefined;
  }
}
